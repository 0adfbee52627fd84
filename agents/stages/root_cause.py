"""Root cause: who may be at fault? Coverage, traceback, words, chunk scores and history vote; their votes are fused."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.context import ModelReply, ModelRequest, StageContext
from agents.errors import AgentError, Garbled
from agents.events import ChunkScored, ChunksPlanned, Notice, Progress, SuspectsRanked
from agents.localization import ballot, chunks, files, history, offline, scatter, spectrum, suspects, text, trace
from agents.localization.functions import Index, index, of_file
from agents.localization.suspects import Ballots
from agents.prompts import answers, render
from agents.report import Frame
from agents.results import Checkout, Chunk, ChunkScore, Reproduction, RootCause, Spectrum
from agents.sandbox import repository, spectra
from agents.source import read

# What a voter's first place is worth. Words, coverage and a model's opinion count alike, a traceback more; the words of
# the failing test are a second query; words counted per chunk repeat what the text voter knows; history breaks ties.
WEIGHTS = {"spectrum": 1.0, "text": 1.0, "trace": 1.5, "test": 0.5, "model": 1.0, "words": 0.1, "history": 0.05}

MOST_SUSPECTS = 100
MOST_FILES = 100
MOST_RELATED_TESTS = 200
SCATTERED_FILES = 40
TEST_FILES = 12  # whose tests are recorded beside the failing one
SPECTRUM_SECONDS = 20.0
READ = 200_000  # characters of a report or of its comments that are searched for words
QUESTION = 8_000  # characters a chunk is judged by
MESSAGE = 1_500  # characters of a failure's message that are read

Place = tuple[str, int]
Votes = dict[str, dict[Place, float]]


@dataclass(frozen=True)
class Scene:
    """What the voters look at: the tree, what the report says, and how its failure was reproduced."""

    reproduction: Reproduction
    checkout: Checkout
    index: Index
    passages: tuple[tuple[float, str], ...]
    trace: Mapping[Place, float]
    test_source: str

    @property
    def root(self) -> Path:
        return Path(self.checkout.root)


def run(context: StageContext) -> RootCause:
    """Return the suspects, best first; the files at least, when nothing was reproduced."""
    reproduction = context.findings.reproduce
    if reproduction is None or reproduction.checkout is None:
        return _nothing("The repository could not be checked out, so there is no code to suspect.")
    scene = _scene(context, reproduction, reproduction.checkout)
    if not scene.index.functions:
        return _nothing("The repository holds no Python file, so there is nothing to rank.")
    covered = _spectrum(context, scene)
    votes = _votes(context, scene, spectrum.score(covered))
    planned, scores = _scattered(context, scene, votes)
    opinion = ballot.of_chunks(scene.index, planned, scores)
    votes["words" if context.offline else "model"] = opinion
    return _result(context, scene, votes, covered, len(planned))


def request_for(chunk: Chunk, question: str) -> ModelRequest:
    """The model call that scores one chunk."""
    prompt = render(
        "score_chunk",
        question=question,
        path=chunk.path,
        line=chunk.line,
        end_line=chunk.end_line,
        code=scatter.numbered(chunk),
    )
    return ModelRequest(
        key=f"score_chunk:{chunk.key}",
        purpose="score_chunk",
        messages=prompt.messages,
        prompt=prompt.id,
        max_tokens=400,
        json_schema=prompt.json_schema,
    )


def read_score(chunk: Chunk, reply: ModelReply) -> ChunkScore:
    """What a model's reply says of `chunk`; a reply that failed or cannot be read is a score without opinion."""
    seconds = reply.latency_ms / 1000
    if reply.error:
        return scatter.failed(chunk, reply.error, reply.model, seconds)
    try:
        answer = answers.as_json(reply.text, scatter.Answer)
    except Garbled as garbled:
        return scatter.failed(chunk, garbled.slug, reply.model, seconds)
    return scatter.judged(chunk, answer, reply.model, seconds)


# --- what the voters look at -----------------------------------------------------------------------------------------


def _scene(context: StageContext, reproduction: Reproduction, checkout: Checkout) -> Scene:
    context.emit(Progress(what="reading the code", done=0))
    root = Path(checkout.root)
    known = index(root, files.product(root, _named_files(context, root)))
    context.emit(Progress(what="reading the code", done=len(known.by_path), total=len(known.by_path), unit="files"))
    _say_unreadable(context, known)
    return Scene(
        reproduction=reproduction,
        checkout=checkout,
        index=known,
        passages=_passages(context),
        trace=_trace(context, reproduction, known),
        test_source=_test_source(root, reproduction),
    )


def _named_files(context: StageContext, root: Path) -> set[str]:
    """Files the report's traceback passes through: they are suspects wherever they lie, tests excepted."""
    everything = tuple(files.python_files(root))
    paths = {trace.locate(frame.path, everything) for frame in _reported(context)}
    return {path for path in paths if path and not files.is_test(path)}


def _reported(context: StageContext) -> tuple[Frame, ...]:
    analysis = context.findings.analysis
    return analysis.symptom.frames if analysis else ()


def _trace(context: StageContext, reproduction: Reproduction, known: Index) -> Mapping[Place, float]:
    """The frames of the failure as it was reproduced; where those are all in the test, of the report's traceback."""
    seen = reproduction.signature.frames if reproduction.signature else ()
    for frames in (seen, _reported(context)):
        if found := list(trace.located(known, frames)):
            return trace.score(found)
    return {}


def _passages(context: StageContext) -> tuple[tuple[float, str], ...]:
    """The report's words and what they weigh: the title says most, comments least."""
    report = context.report
    comments = "\n".join(comment.text[:READ] for comment in report.comments)
    return ((2.0, report.title), (1.0, report.text[:READ]), (0.5, comments[:READ]))


def _test_source(root: Path, reproduction: Reproduction) -> str:
    """The code of the failing test: its function where that can be found, else the whole file written for it."""
    test = reproduction.test
    if test is None:
        return ""
    path, *names = test.id.split("[")[0].split("::")
    written = test.files.get(path)
    code = read(root, path) if written is None else written
    wanted = ".".join(names)
    found = [function.text for function in of_file(path, code or "") if names and function.name == wanted]
    return found[0] if found else "\n".join(test.files.values())


def _say_unreadable(context: StageContext, known: Index) -> None:
    if known.unreadable:
        names = ", ".join(known.unreadable[:5])
        text = f"{len(known.unreadable)} files do not parse as Python and are ranked by their words alone: {names}."
        context.emit(Notice(text=text, level="warning", slug="files-unreadable"))


# --- coverage --------------------------------------------------------------------------------------------------------


def _spectrum(context: StageContext, scene: Scene) -> Spectrum:
    """Which lines the failing test runs, and which the tests near it; empty when nothing was reproduced."""
    found, nothing = scene.reproduction, Spectrum(covered={}, failing=(), passing=())
    if found.test is None or found.environment is None:
        return nothing
    tests = (found.test.id, *_near_tests(context, scene))
    context.emit(Progress(what="recording what the tests run", done=0, total=len(tests), unit="test files"))
    recorded = context.keep("spectrum", Spectrum, lambda: _record(context, scene, tests))
    if not recorded.failing:
        text = f"What {found.test.id} runs could not be recorded, so coverage has no vote."
        context.emit(Notice(text=text, level="warning", slug="no-spectrum"))
    context.emit(Progress(what="recording what the tests run", done=len(tests), total=len(tests), unit="test files"))
    return recorded


def _record(context: StageContext, scene: Scene, tests: Sequence[str]) -> Spectrum:
    found = scene.reproduction
    assert found.test
    assert found.environment
    recorded = spectra.record(
        context.sandbox,
        scene.checkout,
        found.environment,
        tests,
        files=found.test.files,
        budget_s=SPECTRUM_SECONDS,
        check=context.check,
    )
    return spectrum.of_failure(recorded, found.test.id)


def _near_tests(context: StageContext, scene: Scene) -> list[str]:
    """Test files beside the failing test, those first whose words are nearest to the report and the failing test."""
    paths = [path for path in files.python_files(scene.root) if files.holds_tests(path)]
    library = text.Library(index(scene.root, paths))
    said = ballot.of_files(library.votes((*scene.passages, (1.0, scene.test_source))))
    assert scene.reproduction.test
    own = scene.reproduction.test.id.split("::")[0]
    nearest = sorted(paths, key=lambda path: (path != own, -said.get(path, 0.0), path))
    context.check()
    return nearest[:TEST_FILES]


# --- the votes -------------------------------------------------------------------------------------------------------


def _votes(context: StageContext, scene: Scene, ran: Mapping[Place, float]) -> Votes:
    context.check()
    library = text.Library(scene.index)
    said = library.votes(scene.passages)
    return {
        "spectrum": ballot.ties_broken(ballot.of_functions(scene.index, ran), said),
        "trace": ballot.of_functions(scene.index, scene.trace),
        "text": said,
        "test": library.words([(1.0, scene.test_source)]),
        "history": _history(context, scene),
    }


def _history(context: StageContext, scene: Scene) -> dict[Place, float]:
    """Every function counts as its file does; a repository without readable history has no vote."""
    arguments = ("log", *history.LOG_FORMAT, scene.checkout.commit)
    try:
        log = context.keep("history", str, lambda: repository.read(Path(scene.checkout.mirror), *arguments))
    except AgentError:
        return {}
    churn = history.churn(history.touches(log))
    return {function.key: churn[function.path] for function in scene.index.functions if function.path in churn}


# --- scatter and gather ----------------------------------------------------------------------------------------------


def _scattered(context: StageContext, scene: Scene, votes: Votes) -> tuple[tuple[Chunk, ...], list[ChunkScore]]:
    """Score the chunks of the files suspected most in parallel, and show each score as it comes."""
    order = [file.path for file in suspects.ranked_files(_ballots(scene, votes, {}), SCATTERED_FILES)]
    options = context.options
    planned = chunks.cut(scene.root, order, options.chunk_tokens, options.max_chunks)
    cells = tuple((chunk.key, chunk.path, chunk.line, chunk.end_line) for chunk in planned)
    scorer = offline.NAME if context.offline else "model"
    context.emit(ChunksPlanned(cells=cells, scorer=scorer, slots=options.slots))
    places, scores = {chunk.key: chunk.index for chunk in planned}, []
    for score in context.scatter(planned, _question(scene)) if planned else ():
        scores.append(score)
        context.emit(ChunkScored(index=places[score.key], score=score))
    _say_unscored(context, scores)
    return planned, scores


def _question(scene: Scene) -> str:
    """The symptom a chunk is held against: the report, and the failure as it was reproduced."""
    told = "\n\n".join(said for _, said in scene.passages if said)[:QUESTION]
    seen = scene.reproduction.signature
    if seen is None:
        return told
    test = scene.test_source[: QUESTION // 2]
    return f"{told}\n\nReproduced: {seen.exception}: {seen.raw[:MESSAGE]}\n\nThe failing test:\n{test}"


def _say_unscored(context: StageContext, scores: Iterable[ChunkScore]) -> None:
    errors = [score.error for score in scores if score.error]
    if errors:
        text = f"{len(errors)} chunks have no score ({', '.join(sorted(set(errors)))}); the other voters decide there."
        context.emit(Notice(text=text, level="warning", slug=errors[0]))


# --- the verdict -----------------------------------------------------------------------------------------------------


def _ballots(scene: Scene, votes: Votes, ran: Mapping[Place, float]) -> Ballots:
    by_file = {voter: ballot.of_files(opinion) for voter, opinion in votes.items()}
    return Ballots(functions=votes, files=by_file, spectrum=ran, trace=scene.trace, weights=WEIGHTS)


def _result(context: StageContext, scene: Scene, votes: Votes, covered: Spectrum, planned: int) -> RootCause:
    ballots = _ballots(scene, votes, spectrum.score(covered))
    ranked = tuple(suspects.ranked(scene.index, ballots, MOST_SUSPECTS))
    ranked_files = tuple(suspects.ranked_files(ballots, MOST_FILES))
    context.emit(SuspectsRanked(suspects=ranked, files=ranked_files))
    if not ranked:
        return _nothing("No voter has an opinion: the report shares no word with the code and shows no traceback.")
    reproduced = scene.reproduction.verdict == "reproduced"
    places = {(suspect.path, line) for suspect in ranked[:10] for line in range(suspect.line, suspect.end_line + 1)}
    return RootCause(
        verdict="suspects_ranked" if reproduced else "files_ranked",
        reason=_reason(votes, reproduced),
        would_change="" if reproduced else "A failing test: with one, coverage and the traceback get a vote.",
        suspects=ranked,
        files=ranked_files,
        related_tests=spectrum.covering(covered, places)[:MOST_RELATED_TESTS],
        chunks=planned,
        scorer=offline.NAME if context.offline else "model",
    )


def _reason(votes: Votes, reproduced: bool) -> str:
    voting = ", ".join(f"{voter} ({len(opinion)})" for voter, opinion in votes.items() if opinion)
    if reproduced:
        return f"Fused from these voters and the functions each has an opinion on: {voting}."
    return f"Nothing was reproduced, so files are ranked by what could be read: {voting}."


def _nothing(reason: str) -> RootCause:
    return RootCause(
        verdict="nothing_to_rank",
        reason=reason,
        would_change="Name a repository with Python code, and what in it misbehaves.",
    )
