"""What can go wrong while a bill is made."""


class TallybookError(Exception):
    """Base of all errors of this package."""


class BadRateCard(TallybookError):
    """A rate card is incomplete or contradicts itself."""


class UnknownProduct(TallybookError):
    """The rate card has no price for a product."""


class NoTier(TallybookError):
    """A quantity lies beyond the last tier of a price."""


class BadReading(TallybookError):
    """A meter reading cannot be used: it runs backwards, or comes twice."""


class CurrencyMismatch(TallybookError):
    """Two amounts in different currencies were combined."""


class ReconciliationError(TallybookError):
    """The parts of an amount do not add up to the amount."""
