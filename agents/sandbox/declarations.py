"""What a project says of itself in pyproject.toml, setup.cfg and setup.py: read as data, setup.py by its literals."""

import ast
import configparser
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

EntryPoints = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """One project's metadata. `groups` are its optional, development and test requirements by name; `folders` the
    directories its packages lie in, relative to the project."""

    name: str = ""
    version: str = ""
    requires_python: str = ""
    needed: tuple[str, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    entry_points: EntryPoints = field(default_factory=dict)
    folders: tuple[str, ...] = ()


def read(root: Path) -> Declaration:
    """All sources put together; where two speak, pyproject.toml goes before setup.cfg, and that before setup.py."""
    sources = [_pyproject(root), _poetry(root), _setup_cfg(root), _setup_py(root)]
    return Declaration(
        name=next((one.name for one in sources if one.name), ""),
        version=next((one.version for one in sources if one.version), ""),
        requires_python=next((one.requires_python for one in sources if one.requires_python), ""),
        needed=tuple(text for one in sources for text in one.needed),
        groups=_merged(sources),
        entry_points=next((one.entry_points for one in sources if one.entry_points), {}),
        folders=tuple(dict.fromkeys(folder for one in sources for folder in one.folders)),
    )


def _merged(sources: list[Declaration]) -> dict[str, tuple[str, ...]]:
    groups: dict[str, tuple[str, ...]] = {}
    for one in sources:
        for name, texts in one.groups.items():
            groups[name] = (*groups.get(name, ()), *texts)
    return groups


def toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(errors="replace"))
    except (OSError, tomllib.TOMLDecodeError):
        return {}


def ini(path: Path) -> configparser.RawConfigParser:
    """The file parsed; empty when it is missing or broken."""
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(path.read_text(errors="replace"))
    except (OSError, configparser.Error):
        return configparser.RawConfigParser()
    return parser


def _table(data: Any, *keys: str) -> dict[str, Any]:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(entry for entry in value if isinstance(entry, str)) if isinstance(value, list | tuple) else ()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


# --- pyproject.toml --------------------------------------------------------------------------------------------------


def _pyproject(root: Path) -> Declaration:
    data = toml(root / "pyproject.toml")
    project = _table(data, "project")
    groups = {name: _texts(texts) for name, texts in _table(project, "optional-dependencies").items()}
    included = _table(data, "dependency-groups")
    for name in included:
        groups[name] = (*groups.get(name, ()), *_group(included, name, depth=0))
    for name, texts in _other_tools(data):
        groups[name] = (*groups.get(name, ()), *_texts(texts))
    return Declaration(
        name=_text(project.get("name")),
        version=_text(project.get("version")),
        requires_python=_text(project.get("requires-python")),
        needed=_texts(project.get("dependencies")),
        groups=groups,
        entry_points=_entry_points(project),
        folders=tuple(_folders(data)),
    )


def _group(groups: Mapping[str, Any], name: str, depth: int) -> Iterator[str]:
    """A group of PEP 735, with the groups it includes."""
    if depth > 8:
        return
    for entry in groups.get(name, ()):
        if isinstance(entry, str):
            yield entry
        elif isinstance(entry, dict) and isinstance(entry.get("include-group"), str):
            yield from _group(groups, entry["include-group"], depth + 1)


def _other_tools(data: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "dev", _table(data, "tool", "uv").get("dev-dependencies")
    yield from _table(data, "tool", "pdm", "dev-dependencies").items()
    for name, environment in _table(data, "tool", "hatch", "envs").items():
        group = {"default": "dev", "hatch-test": "test"}.get(name, name)
        yield group, environment.get("dependencies") if isinstance(environment, dict) else None
        yield group, environment.get("extra-dependencies") if isinstance(environment, dict) else None
    flit = _table(data, "tool", "flit", "metadata")
    yield from _table(flit, "requires-extra").items()


def _entry_points(project: dict[str, Any]) -> EntryPoints:
    points: dict[str, Mapping[str, str]] = dict(_table(project, "entry-points"))
    for key, group in (("scripts", "console_scripts"), ("gui-scripts", "gui_scripts")):
        if scripts := _table(project, key):
            points[group] = scripts
    return points


def _folders(data: dict[str, Any]) -> Iterator[str]:
    setuptools = _table(data, "tool", "setuptools")
    yield from _texts(_table(setuptools, "packages", "find").get("where"))
    if folder := _text(_table(setuptools, "package-dir").get("")):
        yield folder
    for package in _table(data, "tool", "poetry").get("packages", ()):
        if isinstance(package, dict) and _text(package.get("from")):
            yield package["from"]
    yield from (str(Path(path).parent) for path in _texts(_wheel(data).get("packages")) if "/" in path)


def _wheel(data: dict[str, Any]) -> dict[str, Any]:
    return _table(data, "tool", "hatch", "build", "targets", "wheel")


# --- poetry ----------------------------------------------------------------------------------------------------------


def _poetry(root: Path) -> Declaration:
    poetry = _table(toml(root / "pyproject.toml"), "tool", "poetry")
    main = _table(poetry, "dependencies")
    groups = {"dev": tuple(_poetry_texts(_table(poetry, "dev-dependencies")))}
    for name, group in _table(poetry, "group").items():
        groups[name] = (*groups.get(name, ()), *_poetry_texts(_table(group, "dependencies")))
    return Declaration(
        name=_text(poetry.get("name")),
        version=_text(poetry.get("version")),
        requires_python=caret(_text(main.get("python"))),
        needed=tuple(_poetry_texts(main)),
        groups=groups,
        entry_points={"console_scripts": scripts} if (scripts := _table(poetry, "scripts")) else {},
    )


def _poetry_texts(table: Mapping[str, Any]) -> Iterator[str]:
    for name, value in table.items():
        constraint = value.get("version", "*") if isinstance(value, dict) else value
        optional = isinstance(value, dict) and (value.get("optional") or "git" in value or "path" in value)
        if name != "python" and isinstance(constraint, str) and not optional:
            yield f"{name}{caret(constraint)}"


def caret(constraint: str) -> str:
    """Poetry's constraints in the standard form.

    >>> caret("^1.2.3"), caret("^0.4"), caret("~2.1"), caret("*"), caret(">=3.8,<4"), caret("1.5")
    ('>=1.2.3,<2', '>=0.4,<0.5', '>=2.1,<2.2', '', '>=3.8,<4', '==1.5')
    """
    return ",".join(filter(None, map(_standard, constraint.replace("||", "|").split("|")[-1].split(","))))


def _standard(part: str) -> str:
    part = part.strip()
    match = re.match(r"([~^])\s*(\d+(?:\.\d+)*)", part)
    if match is None:
        return "" if part == "*" else f"=={part}" if part[:1].isdigit() else part
    kind, version = match.groups()
    numbers = [int(number) for number in version.split(".")]
    keep = 1 if kind == "^" else min(2, len(numbers))
    if kind == "^":
        keep = next((place + 1 for place, number in enumerate(numbers) if number), len(numbers))
    above = [*numbers[: keep - 1], numbers[keep - 1] + 1]
    return f">={version},<{'.'.join(map(str, above))}"


# --- setup.cfg -------------------------------------------------------------------------------------------------------


def _setup_cfg(root: Path) -> Declaration:
    parser = ini(root / "setup.cfg")
    extras = parser["options.extras_require"] if parser.has_section("options.extras_require") else {}
    groups = {name: _block(text) for name, text in extras.items()}
    if tests := _block(parser.get("options", "tests_require", fallback="")):
        groups["tests"] = (*groups.get("tests", ()), *tests)
    version = parser.get("metadata", "version", fallback="")
    points = parser["options.entry_points"] if parser.has_section("options.entry_points") else {}
    return Declaration(
        name=parser.get("metadata", "name", fallback=""),
        version="" if version.startswith(("attr:", "file:")) else version,
        requires_python=parser.get("options", "python_requires", fallback=""),
        needed=_block(parser.get("options", "install_requires", fallback="")),
        groups=groups,
        entry_points={group: dict(_pairs(text)) for group, text in points.items()},
        folders=tuple(_cfg_folders(parser)),
    )


def _block(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#"))


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for line in _block(text):
        name, found, target = line.partition("=")
        if found:
            yield name.strip(), target.strip()


def _cfg_folders(parser: configparser.RawConfigParser) -> Iterator[str]:
    yield from _block(parser.get("options.packages.find", "where", fallback=""))
    for name, folder in _pairs(parser.get("options", "package_dir", fallback="").replace(",", "\n")):
        if not name:
            yield folder


# --- setup.py --------------------------------------------------------------------------------------------------------


def _setup_py(root: Path) -> Declaration:
    """The literals given to `setup()`, directly or by a name that was assigned a literal."""
    try:
        tree = ast.parse((root / "setup.py").read_text(errors="replace"))
    except (OSError, SyntaxError, ValueError):
        return Declaration()
    names = dict(_assigned(tree))
    given = next((dict(_keywords(node, names)) for node in ast.walk(tree) if _is_setup(node)), {})
    extras = _table(given, "extras_require")
    groups = {name: _listed(value) for name, value in extras.items() if isinstance(name, str)}
    groups["tests"] = (*groups.get("tests", ()), *_listed(given.get("tests_require")))
    folder = _text(_table(given, "package_dir").get(""))
    points = _table(given, "entry_points")
    return Declaration(
        name=_text(given.get("name")),
        version=_text(given.get("version")),
        requires_python=_text(given.get("python_requires")),
        needed=_listed(given.get("install_requires")),
        groups=groups,
        entry_points={group: dict(_pairs("\n".join(_listed(value)))) for group, value in points.items()},
        folders=(folder,) if folder else (),
    )


def _is_setup(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return called == "setup"


def _assigned(tree: ast.Module) -> Iterator[tuple[str, Any]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = _literal(node.value, {})
            if value is not None:
                yield node.targets[0].id, value


def _keywords(node: Any, names: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for keyword in node.keywords:
        value = _literal(keyword.value, names)
        if keyword.arg and value is not None:
            yield keyword.arg, value
        elif keyword.arg is None and isinstance(value, dict):
            yield from value.items()


def _literal(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """The value of a literal, or of a name or a sum of such; None when it takes running code to know."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Dict) and all(node.keys):
        pairs = zip(node.keys, node.values, strict=True)
        return {key.value: _literal(value, names) for key, value in pairs if isinstance(key, ast.Constant)}
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _literal(node.left, names), _literal(node.right, names)
        return [*left, *right] if isinstance(left, list) and isinstance(right, list) else None
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def _listed(value: Any) -> tuple[str, ...]:
    return _block(value) if isinstance(value, str) else _texts(value)
