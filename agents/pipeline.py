"""The five stages in order, and when a run stops early with a verdict."""

from collections.abc import Callable
from importlib import import_module

from agents.context import StageContext
from agents.results import Analysis, Fix, Reproduction, Result, RootCause, StageName, Validation

STAGES: tuple[StageName, ...] = ("analysis", "reproduce", "root_cause", "fix", "validate")


def run(name: StageName, context: StageContext) -> Result:
    """Run one stage; it returns its result or raises a `ModuloError`."""
    stage: Callable[[StageContext], Result] = import_module(f"agents.stages.{name}").run
    return stage(context)


def following(name: StageName, result: Result) -> StageName | None:
    """The stage after `name`, or None when the run ends here with `result`'s verdict."""
    if stops(result) or name == STAGES[-1]:
        return None
    return STAGES[STAGES.index(name) + 1]


def stops(result: Result) -> bool:
    """Is there nothing a further stage could do with this result?"""
    match result:
        case Analysis():
            return result.verdict in ("needs_info", "logs_rolled_over")
        case Reproduction():
            return result.checkout is None
        case RootCause():
            return result.verdict != "suspects_ranked"
        case Fix():
            return result.verdict == "nothing_to_change"
        case Validation():
            return True
