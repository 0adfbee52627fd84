"""A failing test out of a `>>>` prompt session: its inputs in order, and the right output for
the one that was wrong."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agents.report import Claim, Snippet, Symptom
from agents.reproduction import claims, draft, snippet
from agents.reproduction.draft import Check
from agents.reproduction.project import Project
from agents.results import ReproductionTest

MAX_SESSIONS = 8

_PROMPT = re.compile(r"^\s*(?:>>>|In ?\[\d+\]:) ?(?P<source>.*)$")
_MORE = re.compile(r"^\s*\.\.\.:? ?(?P<source>.*)$")
_OUT = re.compile(r"^\s*Out ?\[\d+\]: ?(?P<text>.*)$")


@dataclass(frozen=True, slots=True)
class Example:
    """One input of a session and what was shown under it."""

    source: str
    want: str

    @property
    def raised(self) -> bool:
        return "Traceback (most recent call last)" in self.want or bool(
            re.match(r"(?:\w+\.)*\w+(?:Error|Exception)\b", self.want)
        )


def propose(symptom: Symptom, project: Project) -> Iterator[ReproductionTest]:
    """For each session: up to the input that raises, or with the right output asserted where a wrong one is shown."""
    sessions = [one for one in symptom.snippets if one.kind == "session"][:MAX_SESSIONS]
    wanted = [
        example for one in sessions if claims.expects(one.lead) for example in examples(one.text) if not example.raised
    ]
    before: list[Example] = []
    for number, one in enumerate(sessions, 1):
        own = examples(one.text)
        earlier = before if draft.unbound(_code(own)) & draft.bound(_code(before)) else []
        for at, (body, check) in enumerate(_bodies([*earlier, *own], one, symptom, wanted), 1):
            if test := draft.function("session", f"{number}_{at}", body, check, project):
                yield test
        before += own


def examples(text: str) -> list[Example]:
    """The inputs of a session with what was shown under each; IPython's prompts too."""
    found: list[tuple[list[str], list[str]]] = []
    for line in text.split("\n"):
        if match := _PROMPT.match(line):
            found.append(([match["source"]], []))
        elif found and not found[-1][1] and (match := _MORE.match(line)):
            found[-1][0].append(match["source"])
        elif found:
            out = _OUT.match(line)
            found[-1][1].append(out["text"] if out else line)
    made = (Example("\n".join(source).rstrip(), "\n".join(want).strip()) for source, want in found)
    return [example for example in made if draft.statements(example.source)]


def _code(inputs: Sequence[Example]) -> str:
    return "\n".join(example.source for example in inputs)


def _bodies(
    inputs: Sequence[Example], one: Snippet, symptom: Symptom, wanted: Sequence[Example]
) -> Iterator[tuple[str, Check | None]]:
    """(statements, check) pairs: an input that raised is left out of what comes after it."""
    for at, example in enumerate(inputs):
        calm = "\n".join(earlier.source for earlier in inputs[:at] if not earlier.raised)
        firm = next((claim for claim in symptom.claims if claim.firm), None)
        if example.raised and symptom.exception:
            check = _check(example, firm) if firm and at == len(inputs) - 1 else None
            yield (_with_assignment(calm, example), check) if check else (f"{calm}\n{example.source}", None)
        for claim in _claims(example, inputs[at + 1 :], one, symptom, wanted):
            if check := _check(example, claim):
                yield _with_assignment(calm, example), check
    if any("assert" in example.source for example in inputs):
        yield _code(inputs), None


def _last(example: Example, later: Sequence[Example], claim: Claim) -> bool:
    """Is it the last input that showed something else than the claim asks for: the one such a sentence speaks of?"""
    return _differs(example, claim) and not any(_differs(other, claim) for other in later)


def _differs(example: Example, claim: Claim) -> bool:
    return bool(example.want) and not example.raised and not _same(claim.expected, example.want)


def _claims(
    example: Example, later: Sequence[Example], one: Snippet, symptom: Symptom, wanted: Sequence[Example]
) -> Iterator[Claim]:
    """What this input should have shown: by a comment, by a session headed "expected", or by a sentence."""
    for line in (*example.source.split("\n"), *example.want.split("\n")):
        if (claim := claims.in_comment(line)) and claim.expected:
            yield claim
    for other in wanted:
        if (
            other.source.strip() == example.source.strip()
            and other.want
            and (other.want != example.want or example in wanted)
        ):
            yield Claim(expected=other.want, observed="" if example in wanted else example.want)
    for claim in symptom.claims:
        if claim.expected and (_same(claim.observed, example.want) or _last(example, later, claim)):
            yield claim
    yield from (claim for claim in _announced(one, symptom) if _last(example, later, claim))


def _announced(one: Snippet, symptom: Symptom) -> Iterator[Claim]:
    """A block of output after the session that is headed "expected"."""
    after = symptom.snippets[symptom.snippets.index(one) + 1 :][:2]
    yield from (Claim(expected=block.text) for block in after if block.kind == "output" and claims.expects(block.lead))


def _same(observed: str, want: str) -> bool:
    return bool(observed) and observed.strip().strip("'\"") == want.split("#")[0].strip().strip("'\"")


def _with_assignment(calm: str, example: Example) -> str:
    node = draft.statements(example.source)[-1]
    return f"{calm}\n{example.source}" if isinstance(node, ast.Assign) else calm


def _check(example: Example, claim: Claim) -> Check | None:
    body = draft.statements(example.source)
    if len(body) != 1:
        return None
    match body[0]:
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"))):
            lines = claim.expected.strip().split("\n")
            return Check("lines", example.source, repr([line.rstrip() for line in lines]))
        case ast.Expr(value=value) if not claims.literal(claim.expected):
            source = ast.get_source_segment(example.source, value) or example.source
            return Check("equal", f"repr({source})", repr(claim.expected))
    return snippet.value_check(body[0], example.source, claim)
