"""The verbs: every change of a bug or a run happens here, in one transaction with the event that tells it."""

from bugs.actions.reports import add_comment, attach, default_project, open_bug
from bugs.actions.runs import begin_run, cancel_run, run_again_from
from bugs.actions.stages import end_hopeless, fail_stage, finish_stage, release_stage, start_stage

__all__ = [
    "add_comment",
    "attach",
    "begin_run",
    "cancel_run",
    "default_project",
    "end_hopeless",
    "fail_stage",
    "finish_stage",
    "open_bug",
    "release_stage",
    "run_again_from",
    "start_stage",
]
