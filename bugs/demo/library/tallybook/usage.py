"""From meter readings to usage: what was consumed, when, and where readings are missing."""

import csv
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from tallybook.errors import BadReading
from tallybook.interval import Interval, gaps


@dataclass(frozen=True)
class Reading:
    """What a meter showed at a moment. Meters count upwards until they roll over."""

    meter: str
    product: str
    at: datetime
    value: Decimal

    @classmethod
    def load(cls, path):
        """Read readings from a CSV file with the columns meter, product, at, value."""
        with Path(path).open(newline="", encoding="utf-8") as lines:
            return [cls.from_row(row) for row in csv.DictReader(lines)]

    @classmethod
    def from_row(cls, row):
        try:
            return cls(row["meter"], row["product"], datetime.fromisoformat(row["at"]), Decimal(row["value"]))
        except (KeyError, ValueError, ArithmeticError) as problem:
            raise BadReading(f"cannot read {dict(row)}: {problem}") from problem


@dataclass(frozen=True)
class Usage:
    """A quantity of one product, consumed evenly over a span of time."""

    product: str
    span: Interval
    quantity: Decimal
    meter: str = ""

    def within(self, span):
        """Return the part of this usage that falls within `span`."""
        shared = self.span.overlap(span)
        if shared is None:
            return Usage(self.product, Interval(span.start, span.start), Decimal(0), self.meter)
        share = Decimal(shared.length // timedelta(seconds=1)) / Decimal(self.span.length // timedelta(seconds=1))
        return Usage(self.product, shared, self.quantity * share, self.meter)

    def hourly(self):
        """Yield this usage hour by hour."""
        for piece in self.span.split(timedelta(hours=1)):
            yield self.within(piece)


def between(earlier, later, digits=None):
    """Return what a meter counted between two readings; `digits` is the size of a meter that rolls over."""
    if later.at <= earlier.at:
        raise BadReading(f"{later.meter}: two readings at {later.at}")
    quantity = later.value - earlier.value
    if quantity < 0:
        if digits is None:
            raise BadReading(f"{later.meter} runs backwards at {later.at}")
        quantity += Decimal(10) ** digits
    return Usage(later.product, Interval(earlier.at, later.at), quantity, later.meter)


def from_readings(readings, digits=None):
    """Return the usage between consecutive readings of each meter."""
    by_meter = defaultdict(list)
    for reading in readings:
        by_meter[reading.meter].append(reading)
    usage = []
    for meter in sorted(by_meter):
        series = sorted(by_meter[meter], key=lambda reading: reading.at)
        usage.extend(between(earlier, later, digits) for earlier, later in zip(series, series[1:]))
    return usage


def totals(usage, span):
    """Return the quantity of each product consumed within `span`."""
    summed = defaultdict(Decimal)
    for item in usage:
        summed[item.product] += item.within(span).quantity
    return dict(summed)


def missing(usage, span, product):
    """Return the parts of `span` for which there is no usage of `product`."""
    return gaps([item.span for item in usage if item.product == product], span)
