"""Which `ModelProblem` a failure is: from status codes, error objects in a stream, and what the network did."""

import email.utils
import time
from collections.abc import Mapping
from typing import Any

from agents.errors import (
    BadKey,
    ContextTooLong,
    Dropped,
    ModelProblem,
    ModelUnavailable,
    RateLimited,
    ServerFailed,
)

ADDRESS_HINT = "Check that OPENAI_BASE_URL is the address of the API itself; it mostly ends in /v1."
AGAIN_HINT = "Run the stage again when the server is well."
ROOM_HINT = "Narrow the report, or set MODULO_MODEL to a model with a larger context."
BUSY_HINT = "Wait a little, or allow fewer calls at once."

SHOWN = 300  # characters of a server's own words in our sentence
BUSY = frozenset({408, 409, 425})
TOO_LONG = ("context_length", "maximum context length", "context window", "context size", "too many tokens")


def from_status(status: int, headers: Mapping[str, str], body: Any) -> ModelProblem:
    """The problem behind an answer with this status."""
    code, words = _error(body)
    what = f"The model server answered {status}{words and ': '}{words}"
    if status == 429:
        return _limited(code, what, retry_after(headers))
    if status in BUSY or status >= 500:
        return ServerFailed(what, hint=AGAIN_HINT, retry_after=retry_after(headers))
    if status == 401:
        return BadKey(what)
    if status == 413 or _too_long(code, words):
        return ContextTooLong(what, hint=ROOM_HINT)
    return ModelProblem(what, slug="model-refused", hint=f"Check MODULO_MODEL and what the key may use. {ADDRESS_HINT}")


def in_stream(error: Any) -> ModelProblem:
    """The problem behind an error that came within an answer that had begun well."""
    code, words = _error(error)
    what = f"The model server broke off with an error{words and ': '}{words}"
    if any(sign in code for sign in ("429", "rate_limit", "quota", "billing")):
        return _limited(code, what, None)
    if _too_long(code, words):
        return ContextTooLong(what, hint=ROOM_HINT)
    return ServerFailed(what, hint=AGAIN_HINT)


def from_network(error: Exception, begun: bool) -> ModelProblem:
    """The problem behind a connection that failed."""
    kind = type(error.__cause__ or error).__name__
    if begun:
        return Dropped(f"The connection to the model server broke in mid-answer ({kind}).", hint="Run the stage again.")
    return ModelUnavailable(f"The model server cannot be reached ({kind}).")


def unsendable(error: Exception) -> ModelProblem:
    """The problem behind a request that could not even be written. The library's words may hold the key: left out."""
    what = f"The request to the model server could not be sent ({type(error).__name__})."
    return ModelProblem(what, slug="model-refused", hint=f"Check OPENAI_API_KEY for stray characters. {ADDRESS_HINT}")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """How many seconds the server asks to wait: `Retry-After-Ms`, or `Retry-After` in seconds or as a date."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        seconds = _number(headers.get(name, "")) * unit
        if 0 <= seconds < float("inf"):
            return seconds
    return _until(headers.get("retry-after", ""))


def _until(date: str) -> float | None:
    try:
        moment = email.utils.parsedate_to_datetime(date)
    except ValueError:
        return None
    return max(moment.timestamp() - time.time(), 0.0)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("inf")


def _limited(code: str, what: str, wait: float | None) -> ModelProblem:
    if "quota" in code or "billing" in code:
        return ModelProblem(what, slug="model-quota", hint="Raise the quota of the key, or set another key.")
    return RateLimited(what, hint=BUSY_HINT, retry_after=wait)


def _too_long(code: str, words: str) -> bool:
    return any(sign in f"{code} {words}".lower() for sign in TOO_LONG)


def _error(body: Any) -> tuple[str, str]:
    """Code and words of an error in the shapes servers use: {"error": {...}}, {"error": "..."}, {...}, "..."."""
    inner = body.get("error") or body if isinstance(body, dict) else body
    if not isinstance(inner, dict):
        return "", _short(inner)
    code = " ".join(str(inner[name]) for name in ("code", "type") if inner.get(name))
    return code.lower(), _short(inner.get("message") or inner.get("detail") or inner)


def _short(words: Any) -> str:
    text = " ".join(str(words or "").split())
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
