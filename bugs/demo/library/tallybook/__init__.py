"""Bills metered usage: readings go in, invoices come out."""

from tallybook.billing import bill
from tallybook.discounts import Cap, Percentage, Voucher
from tallybook.errors import CurrencyMismatch, NoTier, ReconciliationError, TallybookError
from tallybook.invoice import Invoice, Line
from tallybook.money import Money
from tallybook.period import BillingPeriod
from tallybook.ratecard import RateCard
from tallybook.tiers import Tier, Tiers
from tallybook.usage import Reading, Usage

__version__ = "1.4.0"

__all__ = [
    "BillingPeriod",
    "Cap",
    "CurrencyMismatch",
    "Invoice",
    "Line",
    "Money",
    "NoTier",
    "Percentage",
    "RateCard",
    "Reading",
    "ReconciliationError",
    "TallybookError",
    "Tier",
    "Tiers",
    "Usage",
    "Voucher",
    "bill",
]
