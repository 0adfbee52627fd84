"""The right-reason gate: does this failure show what the report is about, or only that something went wrong?"""

import builtins
import re
from collections.abc import Collection
from dataclasses import dataclass

from agents.report import Signature, Symptom
from agents.reproduction import claims, mask
from agents.results import ReproductionTest

SIMILAR = 0.8

_SETTING_UP = {
    "ImportError",
    "ModuleNotFoundError",
    "SyntaxError",
    "IndentationError",
    "TabError",
    "FixtureLookupError",
}
_TEST_FAULTS = {"NameError", "UnboundLocalError", "TypeError", "AttributeError", "FileNotFoundError"}
_ASSERTIONS = {"AssertionError", "Failed", "ComparisonFailure"}


@dataclass(frozen=True, slots=True)
class Fit:
    """Does the failure count? `strength` is 0 (does not) .. 1 (type, message and place agree)."""

    accepted: bool
    reason: str
    strength: float = 0.0


def fits(symptom: Symptom, signature: Signature, test: ReproductionTest) -> Fit:
    """Compare how `test` failed with what the report says went wrong."""
    name = short(signature.exception)
    if refusal := _wrong_phase(symptom, signature):
        return Fit(accepted=False, reason=refusal)
    if signature.phase == "timeout":
        return Fit(accepted=True, reason="It never ends, as the report says.", strength=0.7)
    if name in _SETTING_UP and short(symptom.exception) != name:
        return Fit(
            accepted=False,
            reason=f"{_raised(signature)}: the test could not even start; the report says nothing of it.",
        )
    if symptom.exception and short(symptom.exception) not in _ASSERTIONS:
        fit = _exception_fit(symptom, signature, test)
        return fit if fit.accepted or name not in _ASSERTIONS else _value_fit(symptom, signature, test)
    return _value_fit(symptom, signature, test)


def same(a: Signature, b: Signature) -> bool:
    """Are two failures of one kind: same exception, and the same message template or the same innermost function?"""
    if short(a.exception) != short(b.exception) or a.phase != b.phase:
        return False
    return mask.similarity(_text(a), _text(b)) >= SIMILAR or (bool(a.frames) and _innermost(a) == _innermost(b))


def short(name: str) -> str:
    """The last part of a dotted name: an exception without its module, a method without its class."""
    return name.rsplit(".", 1)[-1]


def _text(signature: Signature) -> str:
    return signature.raw or signature.message


def _innermost(signature: Signature) -> tuple[str, str]:
    return (signature.frames[0].path, signature.frames[0].function) if signature.frames else ("", "")


def _wrong_phase(symptom: Symptom, signature: Signature) -> str:
    match signature.phase:
        case "call":
            return ""
        case "timeout":
            return "" if symptom.hangs else "It ran out of time, and the report speaks of no hang."
        case "crash":
            return "The interpreter died; the report names no crash." if symptom.exception else ""
    return f"It failed in {signature.phase}, before the code of the report ran: {_raised(signature)}."


def _raised(signature: Signature) -> str:
    first = next(iter(_text(signature).strip().split("\n")), "")[:160]
    return f"{short(signature.exception)}: {first}" if first else short(signature.exception)


# --- the report names an exception -----------------------------------------------------------------------------------


def _exception_fit(symptom: Symptom, signature: Signature, test: ReproductionTest) -> Fit:
    if not _is_a(signature.exception, symptom.exception):
        return Fit(
            accepted=False, reason=f"It raises {_raised(signature)}; the report says {short(symptom.exception)}."
        )
    alike = mask.similarity(symptom.message, _text(signature)) if symptom.message else 0.0
    placed = _same_place(symptom, signature)
    if alike >= SIMILAR or _contains(_text(signature), symptom.message):
        reason = f"It raises {_raised(signature)}, as the report says."
        return Fit(accepted=True, reason=reason, strength=1.0 if placed else 0.9)
    if placed:
        where = signature.frames[0].function
        return Fit(
            accepted=True,
            reason=f"It raises {short(signature.exception)} in {where}, as the report's trace shows.",
            strength=0.8,
        )
    return _by_type(symptom, signature, test)


def _by_type(symptom: Symptom, signature: Signature, test: ReproductionTest) -> Fit:
    """Only the type agrees: enough when the report gives no more, and the fault is not the test's own."""
    name = short(signature.exception)
    if symptom.message or symptom.frames:
        said = f'"{symptom.message[:120]}"' if symptom.message else "another place"
        return Fit(
            accepted=False, reason=f"It raises {_raised(signature)}; the report has the same type but says {said}."
        )
    if name in _TEST_FAULTS and _in_test(signature, test.files):
        return Fit(
            accepted=False, reason=f"{_raised(signature)} comes from the test itself, not from the code under test."
        )
    return Fit(accepted=True, reason=f"It raises {_raised(signature)}, the type the report names.", strength=0.6)


def _is_a(exception: str, wanted: str) -> bool:
    """The same name, or a built-in subclass of the built-in that is named."""
    one, other = getattr(builtins, short(exception), None), getattr(builtins, short(wanted), None)
    if short(exception) == short(wanted):
        return True
    broad = wanted in ("Exception", "BaseException", "")
    return not broad and isinstance(one, type) and isinstance(other, type) and issubclass(one, other)


def _contains(message: str, said: str) -> bool:
    """A report often quotes only part of a message, or one that is cut off."""
    quoted = re.sub(r"\s+", " ", said).strip().rstrip(".…")
    return len(quoted) >= 12 and quoted in re.sub(r"\s+", " ", message)


def _same_place(symptom: Symptom, signature: Signature) -> bool:
    """Is the innermost in-project function the one the report's trace shows in the same file?"""
    if not symptom.frames or not signature.frames:
        return False
    path, function = _innermost(signature)
    file = path.rsplit("/", 1)[-1]
    known = {(re.split(r"[/\\]", frame.path)[-1], short(frame.function)) for frame in symptom.frames[:6]}
    return (file, short(function)) in known and function != "<module>"


def _in_test(signature: Signature, files: Collection[str]) -> bool:
    return not signature.frames or signature.frames[0].path in files


# --- the report names a wrong value ----------------------------------------------------------------------------------


def _value_fit(symptom: Symptom, signature: Signature, test: ReproductionTest) -> Fit:
    if short(signature.exception) not in _ASSERTIONS:
        return Fit(accepted=False, reason=f"It raises {_raised(signature)}; the report speaks of no such error.")
    raw = _text(signature)
    if "DID NOT RAISE" in raw or "not raised" in raw:
        return Fit(accepted=True, reason="Nothing is raised, where the report says something should be.", strength=0.7)
    seen = _seen(raw)
    shown = [value for value in claims.observed_values(symptom) if _shows(seen, value)]
    if shown:
        return Fit(
            accepted=True,
            reason=f"The assertion sees {shown[0][:80]!r}, the wrong value the report shows.",
            strength=0.9,
        )
    if short(symptom.exception) in _ASSERTIONS and symptom.message and mask.similarity(symptom.message, raw) >= SIMILAR:
        return Fit(accepted=True, reason="The same assertion fails with the same message.", strength=0.9)
    return _expected_fit(symptom, signature, test)


def _expected_fit(symptom: Symptom, signature: Signature, test: ReproductionTest) -> Fit:
    """No wrong value to compare with: an assertion counts when the report itself states it."""
    if test.origin == "snippet" and "_claim_" not in test.id:
        return Fit(accepted=True, reason="An assertion of the report's own code fails.", strength=0.7)
    if any(claims.observed_values(symptom)):
        return Fit(accepted=False, reason=f"It fails, but not with a value the report shows: {_raised(signature)}.")
    if test.origin in ("named", "suite"):
        return Fit(accepted=True, reason="The test the report names fails with an assertion.", strength=0.6)
    if test.origin in ("snippet", "session"):
        return Fit(accepted=True, reason="What the report says should hold does not hold.", strength=0.5)
    return Fit(
        accepted=False,
        reason=f"The report states no value this assertion could be checked against: {_raised(signature)}.",
    )


def _seen(raw: str) -> str:
    """The side of an equality that the code gave; the whole text where it is cut short or of another kind."""
    first = raw.split("\n", 1)[0].removeprefix("assert ")
    sides = re.split(r" (?:==|!=) ", first)
    return sides[0] if len(sides) == 2 and "..." not in sides[0] else raw


def _shows(raw: str, value: str) -> bool:
    """Does the failure's text show this value as a whole, not as a piece of a longer one?"""
    plain = value.strip().strip("'\"")
    if not plain or len(plain) > 2000:
        return False
    return re.search(rf"(?<![\w.]){re.escape(plain)}(?![\w]|\.\d)", raw) is not None
