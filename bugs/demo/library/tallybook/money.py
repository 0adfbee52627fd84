"""Amounts of money: exact decimals with a currency, rounded only where a price becomes payable."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from functools import total_ordering

from tallybook.errors import CurrencyMismatch

#: Digits after the point, where a currency does not have two.
MINOR_DIGITS = {"JPY": 0, "KRW": 0, "ISK": 0, "KWD": 3, "BHD": 3, "TND": 3}


def quantum(currency):
    """Return the smallest payable unit of `currency` as a Decimal, e.g. 0.01 for EUR."""
    return Decimal(1).scaleb(-MINOR_DIGITS.get(currency, 2))


@total_ordering
@dataclass(frozen=True)
class Money:
    """An amount in one currency. Arithmetic is exact; `rounded()` makes it payable."""

    amount: Decimal
    currency: str = "EUR"

    def __post_init__(self):
        if isinstance(self.amount, float):
            raise TypeError("Money is made from str, int or Decimal, not float")
        object.__setattr__(self, "amount", Decimal(self.amount))

    @classmethod
    def zero(cls, currency="EUR"):
        return cls(Decimal(0), currency)

    def _same(self, other):
        if self.currency != other.currency:
            raise CurrencyMismatch(f"cannot combine {self.currency} with {other.currency}")
        return other.amount

    def __add__(self, other):
        if not isinstance(other, Money):
            return NotImplemented
        return Money(self.amount + self._same(other), self.currency)

    def __radd__(self, other):
        """Let `sum()` start from its 0."""
        return self if other == 0 else NotImplemented

    def __sub__(self, other):
        if not isinstance(other, Money):
            return NotImplemented
        return Money(self.amount - self._same(other), self.currency)

    def __mul__(self, factor):
        if isinstance(factor, (Money, float)):
            return NotImplemented
        return Money(self.amount * Decimal(factor), self.currency)

    __rmul__ = __mul__

    def __neg__(self):
        return Money(-self.amount, self.currency)

    def __lt__(self, other):
        if not isinstance(other, Money):
            return NotImplemented
        return self.amount < self._same(other)

    def __bool__(self):
        return self.amount != 0

    def __str__(self):
        return f"{self.rounded().amount} {self.currency}"

    def rounded(self):
        """Return the payable amount: half a cent goes up, as invoices do it."""
        return Money(self.amount.quantize(quantum(self.currency), ROUND_HALF_UP), self.currency)

    def percent(self, rate):
        """Return `rate` percent of this amount, not yet rounded."""
        return Money(self.amount * Decimal(rate) / 100, self.currency)

    def allocate(self, weights):
        """Divide this amount in proportion to `weights`, each share payable."""
        total = sum(Decimal(weight) for weight in weights)
        if total <= 0:
            raise ValueError("weights must add up to more than zero")
        unit = quantum(self.currency)
        return [
            Money((self.amount * Decimal(weight) / total).quantize(unit, ROUND_HALF_EVEN), self.currency)
            for weight in weights
        ]
