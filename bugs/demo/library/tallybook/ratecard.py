"""Rate cards: what each product costs, from JSON."""

import json
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Optional

from tallybook.errors import BadRateCard, UnknownProduct
from tallybook.money import Money
from tallybook.tiers import Tier, Tiers

SCHEMES = ("flat", "volume", "graduated")


@dataclass(frozen=True)
class Window:
    """A time of day with its own price factor, such as the night; it may run past midnight."""

    begin: time
    end: time
    factor: Decimal

    def covers(self, moment):
        clock = moment.time()
        if self.begin <= self.end:
            return self.begin <= clock < self.end
        return clock >= self.begin or clock < self.end

    @classmethod
    def from_dict(cls, data):
        return cls(time.fromisoformat(data["from"]), time.fromisoformat(data["to"]), Decimal(str(data["factor"])))


@dataclass(frozen=True)
class Price:
    """How one product is charged."""

    scheme: str
    tiers: Tiers
    minimum: Optional[Money] = None
    windows: tuple = ()

    def charge(self, quantity):
        """Return what `quantity` units cost, before discounts and tax."""
        amount = self._amount(Decimal(quantity))
        if self.minimum is not None and amount < self.minimum:
            return self.minimum
        return amount

    def _amount(self, quantity):
        if self.scheme == "graduated":
            return self.tiers.graduated(quantity)
        return self.tiers.volume(quantity)

    def factor_at(self, moment):
        """Return the price factor of the window `moment` falls in, 1 outside all windows."""
        for window in self.windows:
            if window.covers(moment):
                return window.factor
        return Decimal(1)


class RateCard:
    """The prices of a contract, by product."""

    def __init__(self, name, prices, currency="EUR", tax_rate="0"):
        self.name = name
        self.prices = dict(prices)
        self.currency = currency
        self.tax_rate = Decimal(str(tax_rate))

    @classmethod
    def load(cls, path):
        return cls.from_dict(json.loads(Path(path).read_text(encoding="utf-8"), parse_float=Decimal))

    @classmethod
    def from_dict(cls, data):
        try:
            currency = data.get("currency", "EUR")
            prices = {product: parse_price(entry, currency) for product, entry in data["products"].items()}
            return cls(data["name"], prices, currency, data.get("tax_rate", "0"))
        except KeyError as missing:
            raise BadRateCard(f"rate card lacks {missing}") from missing

    def price(self, product):
        try:
            return self.prices[product]
        except KeyError:
            raise UnknownProduct(f"{self.name} has no price for {product!r}") from None

    def charge(self, product, quantity):
        """Return what `quantity` units of `product` cost, before discounts and tax."""
        return self.price(product).charge(quantity)


def parse_price(entry, currency):
    """Return the Price one product's entry describes."""
    scheme = entry.get("scheme", "flat")
    if scheme not in SCHEMES:
        raise BadRateCard(f"unknown scheme {scheme!r}: use one of {', '.join(SCHEMES)}")
    if scheme == "flat":
        tiers = [Tier(None, Decimal(str(entry["unit_price"])))]
    else:
        tiers = [Tier.from_dict(tier) for tier in entry["tiers"]]
    minimum = entry.get("minimum")
    return Price(
        scheme=scheme,
        tiers=Tiers(tiers, currency),
        minimum=None if minimum is None else Money(str(minimum), currency),
        windows=tuple(Window.from_dict(window) for window in entry.get("windows", ())),
    )
