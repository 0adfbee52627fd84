"""What can stop the work, and whose turn it is then.

    ModuloError
        ReportProblem        the reporter can act: the report, its logs or its repository
        SetupProblem         the operator can act: keys, services, interpreters, disk
            SandboxRefused
            ModelProblem
                ModelUnavailable  BadKey  RateLimited  ServerFailed  Stalled
                Dropped  Garbled  ContextTooLong  BudgetReached
        AgentError           we must act: a bug of Modulo's
        Stopped              somebody wanted it so
            LeaseLost        another worker owns the stage now
            Cancelled        the run was cancelled
            DeadlinePassed   the stage's time is used up

Each has a `slug` that names its paragraph in docs/reference/messages.md and a `hint`: what to do.
"""


class ModuloError(Exception):
    """Base of all. `str(error)` says what happened, `hint` what to do, `slug` where to read more."""

    slug = "internal-error"
    default_hint = ""

    def __init__(self, message: str, *, hint: str = "", slug: str = "") -> None:
        super().__init__(message)
        self.hint = hint or self.default_hint
        self.slug = slug or type(self).slug


class ReportProblem(ModuloError):
    slug = "report-problem"


class SetupProblem(ModuloError):
    slug = "setup-problem"


class SandboxRefused(SetupProblem):
    slug = "sandbox-refused"
    default_hint = "Run `python manage.py doctor`: it names the isolation that is missing and how to allow it."


class ModelProblem(SetupProblem):
    """A model call that did not end well. `retryable` says whether the same call may succeed later."""

    slug = "model-problem"
    retryable = False

    def __init__(self, message: str, *, hint: str = "", slug: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint, slug=slug)
        self.retry_after = retry_after


class ModelUnavailable(ModelProblem):
    slug = "model-unavailable"
    default_hint = "Check OPENAI_BASE_URL and that the server is up, then run the stage again."
    retryable = True


class BadKey(ModelProblem):
    slug = "model-bad-key"
    default_hint = "Set a valid OPENAI_API_KEY and restart."


class RateLimited(ModelProblem):
    slug = "model-rate-limited"
    retryable = True


class ServerFailed(ModelProblem):
    slug = "model-server-failed"
    retryable = True


class Stalled(ModelProblem):
    slug = "model-stalled"
    retryable = True


class Dropped(ModelProblem):
    slug = "model-dropped"
    retryable = True


class Garbled(ModelProblem):
    slug = "model-garbled"
    retryable = True


class ContextTooLong(ModelProblem):
    slug = "model-context-too-long"


class BudgetReached(ModelProblem):
    slug = "budget-reached"


class AgentError(ModuloError):
    pass


class Stopped(ModuloError):
    slug = "stopped"


class LeaseLost(Stopped):
    slug = "lease-lost"


class Cancelled(Stopped):
    slug = "cancelled"


class DeadlinePassed(Stopped):
    slug = "deadline-passed"
    default_hint = "Raise MODULO_STAGE_SECONDS, or narrow the report, then run again from this stage."
