"""What the report does not say, and exactly how the reporter can find it out: at most five questions, best first."""

import re
from dataclasses import dataclass

from agents.report import Report, Symptom
from agents.results import Coverage, Missing

MAX_QUESTIONS = 5

_ENVIRONMENT = re.compile(
    r"(?i)\b(?:python ?\d|cpython|pypy|node ?v?\d|java ?\d|linux|ubuntu|debian|fedora|alpine|centos|"
    r"mac ?os|osx|windows|"
    r"docker|chrome|firefox|safari|kubernetes|k8s|wsl|os:)"
)
_STEPS = re.compile(
    r"(?im)^\s*(?:\d+[.)]|[-*]) \S|\b(?:steps|reproduc\w+|to see it|when i|after (?:i|we|you|running|"
    r"clicking|upgrading)|"
    r"click\w*|"
    r"run(?:ning)? |call(?:ing)? |example)\b"
)
_EXPECTED = re.compile(r"(?i)\b(?:expect\w*|should|supposed|instead|ought|must|correct(?:ly)?|want\w*)\b")
_OBSERVED = re.compile(
    r"(?i)\b(?:error|exception|fail\w*|crash\w*|wrong|incorrect|broken?|bug|hang\w*|slow|lost?|"
    r"missing|instead|unexpected\w*|"
    r"stop(?:s|ped)|"
    r"not work\w*|doesn'?t|does not|can(?:no|')t|traceback|returns?|raises?|prints?|zero|empty|twice|"
    r"duplicate\w*|leak\w*|\d{3} error)\b"
)
_PLACEHOLDER = re.compile(
    r"(?im)^.*(?:a clear and concise|go to '\.{3,}'|click on '\.{3,}'|e\.g\. (?:ios|chrome)|add any other context|"
    r"if applicable, add|"
    r"<!--|please (?:describe|fill|provide|add)|scroll down to '|see error$).*$"
)
_NAME = re.compile(r"`[^`\n]+`|\b\w+_\w+\b|\b\w+\.\w+\(|\b[a-z]+[A-Z]\w+|\b\w+\.py\b")
_QUESTION = re.compile(
    r"(?i)\b(?:how (?:do|can|to)|is it possible|feature request|would be nice|please add|any way to)\b"
)


ASKED = {
    "observed": Missing(
        question="What exactly happens?",
        why="The report names no error, wrong value or failure.",
        how="Copy the error message or the wrong output as text, with the whole traceback if there is one.",
    ),
    "steps": Missing(
        question="What must one do to see it?",
        why="Without steps or code nothing can be run.",
        how="Cut your code down to the shortest program that shows it, and paste it in a code block.",
    ),
    "intermittent": Missing(
        question="How often does it happen, and under which conditions?",
        why="It is said to come and go; a test must be repeated often enough.",
        how="Count failures in 20 runs; name the load, the order of tests, the seed, the time of day.",
    ),
    "expected": Missing(
        question="What should have happened instead?",
        why="A test needs the right result, not only the wrong one.",
        how="Write the value, output or behaviour you expect.",
    ),
    "version": Missing(
        question="Which version or commit is it?",
        why="Another version may behave differently.",
        how="`git rev-parse HEAD`, or `pip show <package>`.",
    ),
    "environment": Missing(
        question="On which Python and system does it run?",
        why="Some faults exist on one platform only.",
        how="`python -VV` and `uname -a`.",
    ),
}
ASKED_OF_LOGS = {
    "rolled_over": (
        "Can you send the log from before it rolled over?",
        "Look for rotated or archived files (`ls -la *log*`, `journalctl --since`), or on your log server.",
    ),
    "stopped_before": (
        "Can you send the log that follows?",
        "Take the newest file, or `journalctl --since` the last line you sent.",
    ),
    "after_restart": (
        "Can you send the log from before the restart?",
        "`docker logs`, `kubectl logs --previous`, `journalctl -b -1`, or the file with the next higher number.",
    ),
    "gap": (
        "Where is the part of the log that is missing?",
        "Look whether a file between the two was left out, or the process hung then.",
    ),
    "unknown": (
        "When did it happen, and in which time zone?",
        "Write the date and time of the failure with its zone, as exactly as you know it.",
    ),
}


@dataclass(frozen=True, slots=True)
class Told:
    """What a report does hold. `material` is something a test could be built from, without the logs."""

    version: bool
    environment: bool
    steps: bool
    expected: bool
    observed: bool
    placeholder: bool
    material: bool
    question: bool
    substance: bool


def assess(report: Report, symptom: Symptom, log_text: str = "") -> Told:
    """Read what is there; a version or environment named in the logs counts as told."""
    text = "\n".join([report.title, report.text, *(comment.text for comment in report.comments)])
    shows_code = any(one.kind in ("python", "session", "test", "shell") for one in symptom.snippets)
    material = bool(shows_code or symptom.frames or symptom.test_ids or symptom.commands)
    return Told(
        version=bool(symptom.version or re.search(r"(?i)\bversion[ :=]+v?\d+\.\d", log_text)),
        environment=bool(_ENVIRONMENT.search(text) or _ENVIRONMENT.search(log_text)),
        steps=bool(material or _STEPS.search(text)),
        expected=bool(symptom.claims or _EXPECTED.search(text)),
        observed=bool(symptom.exception or symptom.claims or _OBSERVED.search(text)),
        placeholder=_mostly_placeholder(report.text),
        material=material,
        question=bool(_QUESTION.search(text)),
        substance=_says_something(text),
    )


def questions(told: Told, symptom: Symptom, coverage: Coverage | None) -> tuple[Missing, ...]:
    """The most valuable first."""
    asked = [*_of_logs(coverage), *_of_report(told, symptom)]
    return tuple(asked[:MAX_QUESTIONS])


def _mostly_placeholder(text: str) -> bool:
    heading = re.compile(r"\s*(?:#|\*\*[^*]+\*\*:?\s*$)")
    lines = [line for line in text.split("\n") if line.strip() and not heading.match(line)]
    left = [line for line in lines if not _PLACEHOLDER.match(line)]
    return bool(lines) and len(left) <= len(lines) * 0.4


def _says_something(text: str) -> bool:
    """Enough words, or a name out of the code: something to look for in a repository."""
    words = set(re.findall(r"[A-Za-z]{3,}", re.sub(r"https?://\S+", "", text).lower()))
    return len(words) >= 12 or _NAME.search(text) is not None


def _of_report(told: Told, symptom: Symptom) -> list[Missing]:
    wanting = {
        "observed": not told.observed,
        "steps": not told.steps,
        "intermittent": symptom.intermittent,
        "expected": not told.expected,
        "version": not told.version,
        "environment": not told.environment,
    }
    return [ASKED[name] for name, missing in wanting.items() if missing]


def _of_logs(coverage: Coverage | None) -> list[Missing]:
    if coverage is None or coverage.verdict in ("covered", "no_logs"):
        return []
    question, how = ASKED_OF_LOGS[coverage.verdict]
    return [Missing(question=question, why=coverage.detail, how=how)]
