"""Values to JSON and back: every value the rooms share can be stored, sent and read again."""

from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def to_json(value: object) -> Any:
    """Return `value` (a dataclass, possibly nested) as dicts, lists, strings and numbers."""
    return msgspec.to_builtins(value, str_keys=True)


def from_json(kind: type[T], data: Any) -> T:
    """Return `data` as a `kind`; raises `msgspec.ValidationError` when it does not fit. Unknown keys are ignored."""
    return msgspec.convert(data, kind, strict=False)
