"""Where the model is, what it costs, and how long it may be silent."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """US dollars for a million tokens; `cached` is for those the server had in its prefix cache (None: as `input`)."""

    input: float
    output: float
    cached: float | None = None

    def cost(self, tokens_in: int, tokens_out: int, tokens_cached: int) -> float:
        cached = self.input if self.cached is None else self.cached
        fresh = max(tokens_in - tokens_cached, 0)
        return (fresh * self.input + tokens_cached * cached + tokens_out * self.output) / 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """An OpenAI-compatible server. With neither a key nor a base URL there is no model.

    `first_token_s` is the longest wait for the first token, `between_s` for each one after it, `call_s` for the whole
    call with all its attempts. `prices` None means that the cost of a call is unknown.
    """

    api_key: str = field(default="", repr=False)
    base_url: str = ""
    model: str = ""
    prices: Prices | None = None
    first_token_s: float = 60.0
    between_s: float = 30.0
    call_s: float = 300.0
    connect_s: float = 5.0
    attempts: int = 5

    @property
    def offline(self) -> bool:
        return not (self.api_key or self.base_url)
