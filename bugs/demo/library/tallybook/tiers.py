"""Prices that depend on the quantity: which tier a quantity reaches, and what it costs there."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Optional

from tallybook.errors import BadRateCard, NoTier
from tallybook.money import Money


@dataclass(frozen=True)
class Tier:
    """A price per unit that holds up to and including `up_to` units; None is open-ended."""

    up_to: Optional[Decimal]
    unit_price: Decimal

    @classmethod
    def from_dict(cls, data):
        up_to = data.get("up_to")
        return cls(None if up_to is None else Decimal(str(up_to)), Decimal(str(data["unit_price"])))

    def reaches(self, quantity):
        """Does `quantity` still fall within this tier?"""
        return self.up_to is None or quantity < self.up_to


class Tiers:
    """Tiers in ascending order of their limits."""

    def __init__(self, tiers, currency="EUR"):
        self.tiers = list(tiers)
        self.currency = currency
        self._check()

    def _check(self):
        if not self.tiers:
            raise BadRateCard("a price needs at least one tier")
        limits = [tier.up_to for tier in self.tiers]
        if None in limits[:-1]:
            raise BadRateCard("only the last tier may be open-ended")
        bounded = [limit for limit in limits if limit is not None]
        if any(later <= earlier for earlier, later in zip(bounded, bounded[1:])):
            raise BadRateCard("tiers must have ascending limits")

    @property
    def limit(self):
        """The largest quantity that has a price, or None when there is no limit."""
        return self.tiers[-1].up_to

    def tier_for(self, quantity):
        """Return the tier that `quantity` falls in."""
        if quantity < 0:
            raise ValueError("quantity must not be negative")
        for tier in self.tiers:
            if tier.reaches(quantity):
                return tier
        raise NoTier(f"no tier for {quantity} units: the last one ends at {self.limit}")

    def volume(self, quantity):
        """Charge the whole quantity at the price of the tier it falls in."""
        quantity = Decimal(quantity)
        return Money(quantity * self.tier_for(quantity).unit_price, self.currency)

    def graduated(self, quantity):
        """Charge each unit at the price of its own tier."""
        quantity = Decimal(quantity)
        if self.limit is not None and quantity > self.limit:
            raise NoTier(f"no tier for {quantity} units: the last one ends at {self.limit}")
        total, floor = Decimal(0), Decimal(0)
        for tier in self.tiers:
            ceiling = quantity if tier.up_to is None else min(quantity, tier.up_to)
            total += max(ceiling - floor, Decimal(0)) * tier.unit_price
            floor = ceiling
        return Money(total, self.currency)
