"""One sentence for each kept event, as the activity list shows it."""

from collections.abc import Callable
from typing import Any, Final

from bugs.rendering import quantities, words

Payload = dict[str, Any]
LONGEST = 300


def say(kind: str, payload: Payload, stage: str = "") -> str:
    """What happened, in a sentence; an unknown kind is named in words."""
    known = SENTENCES.get(kind)
    sentence = known(payload, words.stage_title(stage)) if known else words.plain(kind).capitalize()
    return sentence if len(sentence) <= LONGEST else sentence[: LONGEST - 1] + "…"


def _verdict(payload: Payload) -> str:
    return words.verdict(str(payload.get("verdict") or "")).word


def _because(payload: Payload) -> str:
    reason = str(payload.get("reason") or "").strip()
    return f": {reason}" if reason else ""


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _finished(p: Payload, stage: str) -> str:
    took = f" in {quantities.duration(p['seconds'])}" if p.get("seconds") is not None else ""
    return f"{stage} ended{took}: {_verdict(p)}{' - ' + p['reason'] if p.get('reason') else ''}"


def _failed(p: Payload, stage: str) -> str:
    error = p.get("error") or {}
    return f"{stage} failed: {error.get('message') or p.get('reason') or 'no reason was given'}"


def _progress(p: Payload, stage: str) -> str:
    total = f" of {p['total']}" if p.get("total") else ""
    return f"{stage}: {p.get('what', '')} {p.get('done', 0)}{total} {p.get('unit', '')}".strip()


def _recalled(p: Payload, stage: str) -> str:
    found = p.get("memories") or []
    return f"{_plural(len(found), 'memory').replace('memorys', 'memories')} of earlier bugs retrieved"


def _tried(p: Payload, stage: str) -> str:
    test = p.get("test") or {}
    word = "accepted" if p.get("accepted") else "rejected"
    return f"Reproduction {word}: {test.get('id') or test.get('origin', '')}{_because(p)}"


def _scored(p: Payload, stage: str) -> str:
    score = p.get("score") or {}
    if score.get("error"):
        return f"Chunk {p.get('index', 0) + 1} could not be scored: {score['error']}"
    return f"Chunk {p.get('index', 0) + 1} scored {float(score.get('score') or 0):.2f}{_because(score)}"


def _ranked(p: Payload, stage: str) -> str:
    suspects = p.get("suspects") or []
    if not suspects:
        return f"{_plural(len(p.get('files') or []), 'file')} ranked"
    first = suspects[0]
    return f"{_plural(len(suspects), 'suspect')} ranked, first {first['path']}:{first['line']} {first['function']}"


def _proposed(p: Payload, stage: str) -> str:
    listed = p.get("candidates") or []
    return f"{_plural(len(listed), 'candidate')} proposed"


def _judged(p: Payload, stage: str) -> str:
    trials = p.get("trials") or []
    verified = sum(1 for trial in trials if trial.get("verdict") == "fix_verified")
    return f"{_plural(len(trials), 'candidate')} tried, {verified} verified"


def _called(p: Payload, stage: str) -> str:
    tokens = f"{quantities.count(p.get('tokens_in'))} in, {quantities.count(p.get('tokens_out'))} out"
    failed = f", failed: {p['error']}" if p.get("error") else ""
    return f"{p.get('model') or 'Model'} called for {words.plain(str(p.get('purpose', '')))}: {tokens}{failed}"


SENTENCES: Final[dict[str, Callable[[Payload, str], str]]] = {
    "bug_opened": lambda p, s: "Bug opened",
    "run_started": lambda p, s: f"Run {p.get('number', '')} started".replace("  ", " "),
    "run_finished": lambda p, s: f"Run finished: {_verdict(p)}{' - ' + p['reason'] if p.get('reason') else ''}",
    "run_cancelled": lambda p, s: f"Run stopped{_because(p)}",
    "run_failed": lambda p, s: f"Run failed{_because(p)}",
    "stage_pending": lambda p, s: f"{s} queued",
    "stage_started": lambda p, s: f"{s} started",
    "stage_progress": _progress,
    "stage_finished": _finished,
    "stage_failed": _failed,
    "evidence_added": lambda p, s: f"Evidence: {(p.get('evidence') or {}).get('claim', '')}",
    "memory_retrieved": _recalled,
    "memory_written": lambda p, s: "Remembered for later bugs" + (f": {p['text']}" if p.get("text") else ""),
    "reproduction_tried": _tried,
    "chunks_planned": lambda p, s: f"{_plural(len(p.get('cells') or []), 'chunk')} to score in parallel",
    "chunk_scored": _scored,
    "suspects_ranked": _ranked,
    "candidate_added": _proposed,
    "candidate_tried": _judged,
    "model_called": _called,
    "notice": lambda p, s: str(p.get("text", "")),
    "comment_added": lambda p, s: f"{p.get('author') or 'Somebody'} commented",
    "attachment_added": lambda p, s: f"File added: {p.get('name', '')}",
}
