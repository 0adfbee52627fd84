"""How far a run may go: the settings of the installation, narrowed by the run."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from django.conf import settings

from agents.context import Options
from bugs.models import Run


def of_run(run: Run) -> Options:
    """What the settings allow; a run may ask for less, never for more."""
    allowed = of_settings()
    known = {field.name for field in fields(Options)}
    asked = {name: value for name, value in run.options.items() if name in known and isinstance(value, int | float)}
    return replace(allowed, **{name: _narrower(getattr(allowed, name), value) for name, value in asked.items()})


def of_settings() -> Options:
    return Options(
        max_candidates=settings.MODULO_MAX_CANDIDATES,
        fix_seconds=settings.MODULO_FIX_SECONDS,
        validate_seconds=settings.MODULO_VALIDATE_SECONDS,
        suite_seconds=settings.MODULO_SUITE_SECONDS,
        samples=settings.MODULO_SAMPLES,
        slots=settings.MODULO_SLOTS,
        max_chunks=settings.MODULO_MAX_CHUNKS,
        trusted_paths=settings.MODULO_TRUSTED_PATHS,
    )


def _narrower(allowed: Any, asked: float) -> Any:
    return type(allowed)(min(allowed, asked))
