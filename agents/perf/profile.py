"""How a simulated model server behaves: its times, its lengths and its faults."""

import random
from dataclasses import dataclass, fields, replace
from typing import Literal, get_args

Fault = Literal["", "limited", "failed", "cut", "stall", "garbage", "slow"]
FAULTS: tuple[Fault, ...] = get_args(Fault)[1:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Times are in seconds. `limited` to `slow` are the shares of calls with that fault; a call has one at most.

    The first token comes after a log-normal time with median `ttft`, each other token after a gamma-distributed time
    with mean `itl`. `tokens` 0 says what there is to say, else every answer has exactly so many. A limited call is
    answered 429, with Retry-After unless `retry_after` is negative; a failed one 500; a slow one takes `slow_factor`
    times as long.
    """

    seed: int = 0
    ttft: float = 0.05
    ttft_sigma: float = 0.4
    itl: float = 0.005
    itl_shape: float = 4.0
    tokens: int = 0
    limited: float = 0.0
    retry_after: float = 0.2
    failed: float = 0.0
    cut: float = 0.0
    stall: float = 0.0
    stall_s: float = 30.0
    garbage: float = 0.0
    slow: float = 0.0
    slow_factor: float = 10.0

    def for_model(self, name: str) -> "Profile":
        """This profile with what a model's name like `sim,tokens=100,itl=0.03` asks for: every client passes it on."""
        said = dict(part.split("=", 1) for part in name.split(",") if "=" in part)
        known = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(self, **{name: type(known[name])(value) for name, value in said.items() if name in known})

    def draws(self, *key: object) -> "Draws":
        """The draws of one call, the same for the same `key`."""
        return Draws(self, random.Random(repr((self.seed, *key))))  # noqa: S311 -- to be repeatable is the point


class Draws:
    """What happens in one call."""

    def __init__(self, profile: Profile, chance: random.Random) -> None:
        self.profile = profile
        self.chance = chance
        self.fault = self._fault()
        self.stretch = profile.slow_factor if self.fault == "slow" else 1.0

    def first_gap(self) -> float:
        """Seconds to the first token."""
        return self.profile.ttft * self.chance.lognormvariate(0.0, self.profile.ttft_sigma) * self.stretch

    def gap(self) -> float:
        """Seconds to the next token."""
        shape = self.profile.itl_shape
        return self.chance.gammavariate(shape, self.profile.itl * self.stretch / shape) if self.profile.itl else 0.0

    def _fault(self) -> Fault:
        drawn = self.chance.random()
        for fault in FAULTS:
            drawn -= getattr(self.profile, fault)
            if drawn < 0:
                return fault
        return ""
