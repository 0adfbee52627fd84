"""Hostile text made fit for any database: what PostgreSQL and JSON cannot hold is replaced, long strings can be cut."""

from __future__ import annotations

import math
from typing import Any


def text(value: str) -> str:
    """`value` without NUL characters and lone surrogates, which no database stores."""
    return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def json(value: Any, longest: int = 0) -> Any:
    """`value` (dicts, lists, strings, numbers) fit for a JSON column; strings over `longest` (0 = any) are cut."""
    if isinstance(value, str):
        return cut(text(value), longest)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {text(str(key)): json(inner, longest) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [json(inner, longest) for inner in value]
    return value


def cut(value: str, longest: int) -> str:
    return value if not longest or len(value) <= longest else value[: longest - 1] + "…"
