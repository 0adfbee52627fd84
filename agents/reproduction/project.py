"""What the repository offers a test: its packages, the public names in them, its tests and its commands."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass, field
from pathlib import Path

from agents import source

MAX_FILES = 3000

_NOT_PACKAGES = {
    "tests",
    "test",
    "testing",
    "docs",
    "doc",
    "examples",
    "example",
    "benchmarks",
    "scripts",
    "tools",
    "build",
    "dist",
}
_NOT_MODULES = {"setup", "conftest", "noxfile", "fabfile", "tasks", "manage", "versioneer"}
ALIASES = {
    "np": "numpy",
    "pd": "pandas",
    "plt": "matplotlib.pyplot",
    "nx": "networkx",
    "dt": "datetime",
    "et": "xml.etree.ElementTree",
}
KNOWN = {
    **dict.fromkeys(("date", "timedelta", "timezone"), "datetime"),
    **dict.fromkeys(("OrderedDict", "defaultdict", "namedtuple", "Counter", "deque", "ChainMap"), "collections"),
    **dict.fromkeys(("dataclass", "asdict", "astuple"), "dataclasses"),
    **dict.fromkeys(("Any", "Optional", "Union", "NamedTuple", "TypedDict", "Literal", "Annotated"), "typing"),
    **dict.fromkeys(("Enum", "IntEnum", "auto"), "enum"),
    **dict.fromkeys(("StringIO", "BytesIO"), "io"),
    **dict.fromkeys(("partial", "reduce", "lru_cache"), "functools"),
    **dict.fromkeys(("islice", "product", "permutations"), "itertools"),
    "Decimal": "decimal",
    "Fraction": "fractions",
    "Path": "pathlib",
    "UUID": "uuid",
    "uuid4": "uuid",
    "dedent": "textwrap",
    "deepcopy": "copy",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """`names` maps a public name to the module to import it from; `scripts` a console command to
    `module:function`."""

    root: Path
    packages: tuple[str, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    tests: tuple[str, ...] = ()
    scripts: dict[str, str] = field(default_factory=dict)
    runner: str = "pytest"


def survey(root: Path, path: Sequence[str], tests: Sequence[str], runner: str = "pytest") -> Project:
    """Look at the checkout's source, without running any of it. `path` are its import roots, relative to `root`."""
    bases = [root / entry for entry in path or ("",)]
    tops = [top for base in bases if base.is_dir() for top in _tops(base)]
    names: dict[str, str] = {}
    for top in tops:
        _add_names(names, top)
    packages = tuple(dict.fromkeys(top.stem for top in tops))
    return Project(root=root, packages=packages, names=names, tests=tuple(tests), scripts=_scripts(root), runner=runner)


def import_for(name: str, project: Project, *, called: bool = False) -> str:
    """The import statement that brings `name` in ("" when nothing sure is known); `called` as a function, or not."""
    if name in project.packages:
        return f"import {name}"
    if module := project.names.get(name) or KNOWN.get(name):
        return f"from {module} import {name}"
    if target := ALIASES.get(name):
        return f"import {target} as {name}"
    if name not in sys.stdlib_module_names:
        return ""
    return f"from {name} import {name}" if called else f"import {name}"


def _tops(base: Path) -> Iterator[Path]:
    """The top-level packages and modules of an import root."""
    for child in sorted(base.iterdir()):
        package = (child / "__init__.py").is_file() and child.name not in _NOT_PACKAGES
        module = child.suffix == ".py" and child.stem not in _NOT_MODULES and not child.stem.startswith(("test_", "_"))
        if package or module:
            yield child


def _add_names(names: dict[str, str], top: Path) -> None:
    """Names of the package itself win over those of its modules; a name two modules define is nobody's."""
    package = top.stem
    entry = top / "__init__.py" if top.is_dir() else top
    for name in _public(entry):
        names.setdefault(name, package)
    homes: dict[str, set[str]] = {}
    for file in sorted(top.rglob("*.py"))[:MAX_FILES] if top.is_dir() else ():
        parts = file.relative_to(top.parent).with_suffix("").parts
        if file == entry or set(parts) & _NOT_PACKAGES or any(part.startswith("test_") for part in parts):
            continue
        module = ".".join(part for part in parts if part != "__init__")
        for name in _defined(file):
            homes.setdefault(name, set()).add(module)
    for name, modules in homes.items():
        if len(modules) == 1 and len(name) > 2:
            names.setdefault(name, next(iter(modules)))


def _parse(file: Path) -> ast.Module | None:
    text = source.read(file.parent, file.name)
    return source.tree_of(text) if text else None


def _public(file: Path) -> Iterator[str]:
    tree = _parse(file)
    for node in tree.body if tree else ():
        if isinstance(node, ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names if alias.name != "*")
    yield from _defined(file)


def _defined(file: Path) -> Iterator[str]:
    tree = _parse(file)
    for node in tree.body if tree else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name
        elif isinstance(node, ast.Assign):
            targets = (target.id for target in node.targets if isinstance(target, ast.Name))
            yield from (target for target in targets if not target.startswith("_"))


def _scripts(root: Path) -> dict[str, str]:
    """Console commands from pyproject.toml and setup.cfg, and from the literal text of setup.py."""
    found = _setup_scripts(root)
    try:
        data = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return found
    project, tool = data.get("project"), data.get("tool")
    tables = [project.get("scripts")] if isinstance(project, dict) else []
    if isinstance(tool, dict) and isinstance(tool.get("poetry"), dict):
        tables.append(tool["poetry"].get("scripts"))
    for table in tables:
        found |= {str(key): value for key, value in (table or {}).items() if isinstance(value, str)}
    return found


def _setup_scripts(root: Path) -> dict[str, str]:
    text = ""
    config = ConfigParser(interpolation=None)
    try:
        config.read(root / "setup.cfg", encoding="utf-8")
        text = config.get("options.entry_points", "console_scripts", fallback="")
        setup = root / "setup.py"
        text += setup.read_text(encoding="utf-8", errors="replace") if setup.is_file() else ""
    except (OSError, ConfigError, UnicodeDecodeError):
        return {}
    return dict(re.findall(r"^\W*([\w.-]+)\s*=\s*([\w.]+:[\w.]+)", text, re.M))
