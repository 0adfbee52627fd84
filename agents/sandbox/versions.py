"""Version files that a build would have written from the tags: without them many projects cannot even be imported."""

import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

_TEXT = """\
# written by Modulo from the repository's tags, as the project's own build would do
__version__ = version = {version!r}
__version_tuple__ = version_tuple = {parts!r}
"""
UNKNOWN = "0.0.0"


def write(root: Path, describe: Callable[[], str]) -> tuple[str, ...]:
    """Write the version files that are declared and missing below `root`; returns their paths."""
    missing = [path for path in _declared(root) if _is_inside(root, path) and not (root / path).exists()]
    for path in missing:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text(version_of(describe())))
    return tuple(missing)


def text(version: str) -> str:
    parts = tuple(int(part) if part.isdigit() else part for part in re.split(r"[.+]", version))
    return _TEXT.format(version=version, parts=parts)


def version_of(described: str) -> str:
    """The version git describe stands for: a tag's own, or the next development version after it.

    >>> version_of("v2.4.1-0-gabc1234"), version_of("pkg-2.4-7-gabc1234"), version_of("")
    ('2.4.1', '2.5.dev7+gabc1234', '0.0.0')
    """
    match = re.search(r"(\d+(?:\.\d+)*(?:(?:a|b|rc|\.post|\.dev)\d+)?)-(\d+)-(g[0-9a-f]+)$", described)
    if match is None:
        return UNKNOWN
    tag, distance, node = match.groups()
    if distance == "0":
        return tag
    *head, last = re.match(r"[\d.]+", tag)[0].rstrip(".").split(".")  # type: ignore[index]
    return ".".join([*head, str(int(last) + 1)]) + f".dev{distance}+{node}"


def _declared(root: Path) -> Iterator[str]:
    tool = _pyproject(root).get("tool", {})
    for keys in (
        ("setuptools_scm", "write_to"),
        ("setuptools_scm", "version_file"),
        ("hatch", "build", "hooks", "vcs", "version-file"),
        ("pdm", "version", "write_to"),
    ):
        value: Any = tool
        for key in keys:
            value = value.get(key, {}) if isinstance(value, dict) else {}
        if isinstance(value, str) and value.endswith(".py"):
            yield value
    for name in ("setup.py", "setup.cfg"):
        yield from re.findall(r"(?:write_to|version_file)['\"]?\s*[:=]\s*['\"]([\w./-]+\.py)['\"]", _read(root / name))


def _pyproject(root: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_read(root / "pyproject.toml"))
    except tomllib.TOMLDecodeError:
        return {}


def _read(path: Path) -> str:
    return path.read_text(errors="replace") if path.is_file() and not path.is_symlink() else ""


def _is_inside(root: Path, path: str) -> bool:
    return not path.startswith("/") and (root / path).resolve().is_relative_to(root.resolve())
