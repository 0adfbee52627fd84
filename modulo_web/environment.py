"""Where a setting comes from: the environment first, then the `.env` file, then a default that works."""

import hashlib
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

LONGEST_SOCKET_PATH = 107  # sun_path of Linux, without its closing NUL


@dataclass(frozen=True, slots=True)
class Declared:
    """One setting as it was asked for; docs/reference/settings.md lists them all."""

    name: str
    default: str
    meaning: str


class Environment:
    """Reads settings by name and remembers what was asked for. An empty value counts as not set."""

    def __init__(self, variables: Mapping[str, str], left_out: str | None = None) -> None:
        """`left_out` is a prefix of names to be deaf to."""
        heard = {name: value for name, value in variables.items() if left_out is None or not name.startswith(left_out)}
        self.values = {name: value for name, value in heard.items() if value}
        self.declared: dict[str, Declared] = {}

    def text(self, name: str, default: str, meaning: str) -> str:
        self.declared[name] = Declared(name, default, meaning)
        return self.values.get(name, default)

    def integer(self, name: str, default: int, meaning: str) -> int:
        return int(self._number(name, str(default), meaning, "a whole number"))

    def number(self, name: str, default: float, meaning: str) -> float:
        return self._number(name, str(default), meaning, "a number")

    def optional_number(self, name: str, meaning: str) -> float | None:
        return self._number(name, "", meaning, "a number") if self.text(name, "", meaning) else None

    def flag(self, name: str, default: bool, meaning: str) -> bool:
        value = self.text(name, "true" if default else "false", meaning).lower()
        if value not in ("true", "false", "1", "0", "yes", "no", "on", "off"):
            raise ImproperlyConfigured(f"{name} is {value!r}; set it to true or false.")
        return value in ("true", "1", "yes", "on")

    def words(self, name: str, default: str, meaning: str) -> list[str]:
        return [word for word in self.text(name, default, meaning).replace(",", " ").split() if word]

    def choice(self, name: str, default: str, choices: tuple[str, ...], meaning: str) -> str:
        value = self.text(name, default, meaning)
        if value not in choices:
            named = ", ".join(choice or "(empty)" for choice in choices)
            raise ImproperlyConfigured(f"{name} is {value!r}; it can be one of: {named}.")
        return value

    def _number(self, name: str, default: str, meaning: str, kind: str) -> float:
        value = self.text(name, default, meaning)
        try:
            number = float(value)
        except ValueError:
            number = -1.0
        if number < 0 or (kind == "a whole number" and number != int(number)):
            raise ImproperlyConfigured(f"{name} is {value!r}; set it to {kind}, 0 or more.")
        return number


def load(file: Path) -> None:
    """Let `file` fill in what the environment leaves open, for this process and its children."""
    for name, value in parse(file).items():
        if not os.environ.get(name):
            os.environ[name] = value


def parse(file: Path) -> dict[str, str]:
    """The `NAME=value` lines of a `.env` file; comments, `export` and matching quotes are understood."""
    if not file.is_file():
        return {}
    lines = (line.strip().removeprefix("export ") for line in file.read_text(encoding="utf-8").splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): _unquoted(value.strip()) for name, _, value in pairs if _unquoted(value.strip())}


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value.partition(" #")[0].rstrip()


def database(url: str, synchronous: str) -> dict[str, Any]:
    """Django's settings for a database URL; sqlite:///file or postgres://user:password@host:port/name?option=value."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return sqlite(Path(unquote(parts.path)), synchronous)
    if parts.scheme in ("postgres", "postgresql"):
        options = dict(parse_qsl(parts.query))
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": options.pop("host", None) or unquote(parts.hostname or ""),
            "PORT": str(parts.port or ""),
            "OPTIONS": options,
        }
    raise ImproperlyConfigured(
        f"DATABASE_URL begins with {parts.scheme!r}; Modulo runs on sqlite:///FILE and postgres://USER:PASSWORD@HOST/NAME."
    )


def sqlite(path: Path, synchronous: str) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        # IMMEDIATE: else a transaction that has read before it writes gets SQLITE_BUSY at once, whatever the timeout.
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": f"PRAGMA journal_mode=WAL; PRAGMA synchronous={synchronous};",
        },
        "TEST": {"NAME": path.with_name("test.sqlite3")},
    }


def secret(directory: Path) -> str:
    """The key that signs sessions: generated once, kept beside the data, readable by its owner only."""
    file = directory / "secret-key"
    if not file.exists():
        fresh = file.with_name(f".secret-key.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(50), encoding="ascii")
        try:
            file.hardlink_to(fresh)  # of two processes that start at once, one wins and both read the same
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return file.read_text(encoding="ascii").strip()


def broker_socket(data: Path) -> Path:
    """Where the embedded broker of this data directory listens; a path too long for a socket moves to /tmp."""
    socket = data / "run" / "broker.sock"
    if len(os.fsencode(socket)) <= LONGEST_SOCKET_PATH:
        return socket
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"modulo-{os.getuid()}-{name}" / "broker.sock"
