"""Billing periods: calendar months, or months that begin on the day the contract began."""

import calendar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from tallybook.interval import Interval


def days_in_month(year, month):
    return calendar.monthrange(year, month)[1]


def add_months(day, months):
    """Return `day` moved by `months`; the 31st becomes the last day of a shorter month."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, days_in_month(year, month + 1)))


@dataclass(frozen=True)
class BillingPeriod:
    """The days from `first` to `last`, both included."""

    first: date
    last: date

    def __post_init__(self):
        if self.last < self.first:
            raise ValueError(f"period ends before it begins: {self.first} .. {self.last}")

    @classmethod
    def month(cls, year, month):
        return cls(date(year, month, 1), date(year, month, days_in_month(year, month)))

    @classmethod
    def containing(cls, day, anchor):
        """Return the contract month that `day` falls in, for a contract that began on `anchor`."""
        months = (day.year - anchor.year) * 12 + day.month - anchor.month
        first = add_months(anchor, months)
        if first > day:
            months -= 1
            first = add_months(anchor, months)
        return cls(first, add_months(anchor, months + 1) - timedelta(days=1))

    @property
    def days(self):
        return (self.last - self.first).days + 1

    def interval(self):
        """Return the period as a span of time, from midnight to midnight."""
        return Interval(
            datetime.combine(self.first, time.min),
            datetime.combine(self.last + timedelta(days=1), time.min),
        )

    def share(self, begin, end):
        """Return which part of the period a contract valid from `begin` to `end` (or None) covers, from 0 to 1."""
        first = max(self.first, begin)
        last = self.last if end is None else min(self.last, end)
        if last < first:
            return 0.0
        return ((last - first).days + 1) / self.days

    def __str__(self):
        return f"{self.first.isoformat()} .. {self.last.isoformat()}"
