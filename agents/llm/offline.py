"""No model is set up: every call says so, and nothing pretends to be a model."""

from agents.context import ModelReply, ModelRequest
from agents.llm.layer import Stream


class Offline:
    name = "offline"
    offline = True

    async def stream(self, request: ModelRequest) -> Stream:
        yield [
            ModelReply(
                key=request.key,
                sample=request.sample,
                text="",
                model=self.name,
                attempts=0,
                error="model-not-set-up",
                error_text="No model is set up. Set OPENAI_API_KEY or OPENAI_BASE_URL to let one help.",
            )
        ]
