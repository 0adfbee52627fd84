"""Discounts: what is taken off a subtotal, in the order the contract lists them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Optional

from tallybook.money import Money


@dataclass(frozen=True)
class Percentage:
    """A percentage off, from a subtotal of `threshold` on."""

    rate: Decimal
    threshold: Optional[Money] = None
    label: str = "Discount"

    def off(self, subtotal, day):
        if self.threshold is not None and subtotal < self.threshold:
            return Money.zero(subtotal.currency)
        return subtotal.percent(self.rate).rounded()


@dataclass(frozen=True)
class Voucher:
    """A fixed amount off, once, until the day it expires; never more than the subtotal."""

    amount: Money
    expires: Optional[date] = None
    label: str = "Voucher"

    def off(self, subtotal, day):
        if self.expires is not None and day > self.expires:
            return Money.zero(subtotal.currency)
        return min(self.amount, subtotal)


@dataclass(frozen=True)
class Cap:
    """The subtotal never exceeds `limit`."""

    limit: Money
    label: str = "Price cap"

    def off(self, subtotal, day):
        if subtotal > self.limit:
            return subtotal - self.limit
        return Money.zero(subtotal.currency)


def apply(discounts, subtotal, day):
    """Return [(label, amount off)] for the discounts that take something off, each from what the last one left."""
    taken = []
    for discount in discounts:
        off = discount.off(subtotal, day)
        if off:
            taken.append((discount.label, off))
            subtotal = subtotal - off
    return taken
