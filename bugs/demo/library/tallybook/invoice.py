"""Invoices: lines, discounts, tax and totals; and how an invoice is split among cost centres."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Optional

from tallybook.errors import ReconciliationError
from tallybook.money import Money


@dataclass(frozen=True)
class Line:
    """One position of an invoice; credits and discounts have a negative amount."""

    text: str
    amount: Money
    quantity: Optional[Decimal] = None
    product: str = ""


@dataclass(frozen=True)
class Invoice:
    """What a customer owes for a period."""

    customer: str
    period: object
    lines: tuple
    tax_rate: Decimal = Decimal(0)
    currency: str = "EUR"

    @property
    def net(self):
        return sum((line.amount for line in self.lines), Money.zero(self.currency))

    @property
    def tax(self):
        return self.net.percent(self.tax_rate).rounded()

    @property
    def total(self):
        return self.net + self.tax

    def products(self):
        """Return the products that were charged, in the order of their lines."""
        return list(dict.fromkeys(line.product for line in self.lines if line.product))

    def split(self, weights):
        """Return {cost centre: its share of the total} for `weights` {cost centre: weight}."""
        shares = dict(zip(weights, self.total.allocate(list(weights.values()))))
        check_shares(shares.values(), self.total)
        return shares

    def __str__(self):
        from tallybook.render import as_text

        return as_text(self)


def check_shares(shares, total):
    """Raise ReconciliationError unless `shares` add up to `total`."""
    added = sum(shares, Money.zero(total.currency))
    if added != total:
        raise ReconciliationError(f"shares add up to {added}, the invoice is {total}")
