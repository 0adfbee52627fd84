"""Where a project's packages lie, and the metadata an installation would have left: without installing it."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from packaging.version import InvalidVersion, Version

from agents.results import Checkout
from agents.sandbox import versions
from agents.sandbox.declarations import Declaration, read
from agents.sandbox.git import GitFailed
from agents.sandbox.repository import described_version

_USUAL_FOLDERS = ("src", "lib", "python")
_PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")


def search_path(checkout: Checkout, declaration: Declaration, cache: Path) -> tuple[str, ...]:
    """What goes on PYTHONPATH: relative to the checkout, and one absolute directory that holds the made-up metadata."""
    root = Path(checkout.root)
    folders = list(dict.fromkeys(_folders(root, declaration)))
    metadata = _metadata(checkout, declaration, cache)
    return (*folders, *((str(metadata),) if metadata else ()))


def _folders(root: Path, declaration: Declaration) -> Iterator[str]:
    for folder in (*declaration.folders, *_USUAL_FOLDERS):
        clean = folder.strip("./")
        if clean and _holds_packages(root / clean) and (root / clean).resolve().is_relative_to(root.resolve()):
            yield clean
    yield ""
    for project in _projects_below(root):
        for folder in ("src", ""):
            if _holds_packages(project / folder):
                yield str((project / folder).relative_to(root))


def _holds_packages(folder: Path) -> bool:
    return (
        folder.is_dir()
        and not (folder / "__init__.py").exists()
        and any(
            (entry / "__init__.py").exists() or entry.suffix == ".py" or any(entry.glob("*.py"))
            for entry in folder.iterdir()
        )
    )


def _projects_below(root: Path) -> Iterator[Path]:
    """The projects of a repository that holds several, at most two levels down."""
    if any((root / name).exists() for name in ("setup.py", "setup.cfg")) or read(root).name:
        return
    for pattern in ("*", "*/*"):
        for folder in sorted(root.glob(pattern)):
            if folder.is_dir() and any((folder / name).exists() for name in _PROJECT_FILES):
                yield folder


def _metadata(checkout: Checkout, declaration: Declaration, cache: Path) -> Path | None:
    """A directory with the project's `.dist-info`, so that importlib.metadata knows its version and entry points."""
    if not declaration.name:
        return None
    version = _version(checkout, declaration)
    text = f"Metadata-Version: 2.1\nName: {declaration.name}\nVersion: {version}\n"
    points = "".join(_sections(declaration))
    key = hashlib.sha256((text + points).encode()).hexdigest()[:12]
    folder = cache / "metadata" / key / f"{declaration.name.replace('-', '_')}-{version}.dist-info"
    if not (folder / "METADATA").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "entry_points.txt").write_text(points)
        (folder / "top_level.txt").write_text("")
        (folder / "INSTALLER").write_text("modulo\n")
        (folder / "METADATA").write_text(text)
    return folder.parent


def _sections(declaration: Declaration) -> Iterator[str]:
    for group, points in declaration.entry_points.items():
        yield f"[{group}]\n" + "".join(f"{name} = {target}\n" for name, target in points.items()) + "\n"


def _version(checkout: Checkout, declaration: Declaration) -> str:
    with suppress(InvalidVersion):
        return str(Version(declaration.version))
    with suppress(GitFailed):
        return versions.version_of(described_version(Path(checkout.mirror), checkout.commit))
    return versions.UNKNOWN
