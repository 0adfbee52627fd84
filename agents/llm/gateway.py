"""The gateway put together: what a request passes through on its way to a model and back."""

from collections.abc import Callable

from agents.context import Message, Model, ModelReply, ModelRequest
from agents.llm.door import ask, run, shutdown
from agents.llm.meter import Metered
from agents.llm.offline import Offline
from agents.llm.redact import Redacted
from agents.llm.retry import Retrying
from agents.llm.settings import ModelSettings, Prices

__all__ = ["ModelSettings", "Prices", "ask", "build", "probe", "run", "shutdown"]


def build(settings: ModelSettings, redact: Callable[[str], str]) -> Model:
    """Return the model `settings` describe; `redact` sees every text before it is stored, shown or sent."""
    if settings.offline:
        return Offline()
    from agents.llm.openai_model import OpenAIModel  # half a second of imports, only where a model is called

    retrying = Retrying(OpenAIModel(settings), settings.attempts, settings.call_s)
    return Redacted(Metered(retrying, settings.prices), redact)


def probe(model: Model) -> ModelReply:
    """Ask `model` for a word, to see whether it answers at all."""
    message = Message(role="user", text="Answer with the word: ready")
    (reply,) = ask(model, [ModelRequest(key="probe", purpose="probe", messages=(message,), max_tokens=16)])
    return reply
