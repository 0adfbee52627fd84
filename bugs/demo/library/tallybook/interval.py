"""Half-open spans of time, `start <= t < end`, and how they overlap."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, order=True)
class Interval:
    """The time from `start` up to, not including, `end`."""

    start: datetime
    end: datetime

    def __post_init__(self):
        if self.end < self.start:
            raise ValueError(f"interval ends before it starts: {self.start} .. {self.end}")

    def __contains__(self, moment):
        return self.start <= moment < self.end

    @property
    def length(self):
        return self.end - self.start

    @property
    def empty(self):
        return self.start == self.end

    def overlap(self, other):
        """Return what both intervals share, or None."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Interval(start, end) if start < end else None

    def fraction_of(self, other):
        """Return how much of `other` lies within this interval, from 0 to 1."""
        shared = self.overlap(other)
        if shared is None:
            return 0.0
        return shared.length / other.length

    def split(self, step):
        """Yield the pieces of this interval, cut at whole multiples of `step` from its start."""
        if step <= timedelta(0):
            raise ValueError("step must be positive")
        start = self.start
        while start < self.end:
            end = min(start + step, self.end)
            yield Interval(start, end)
            start = end


def merge(intervals):
    """Return `intervals` sorted, with those that touch or overlap joined into one."""
    merged = []
    for interval in sorted(intervals):
        if merged and interval.start <= merged[-1].end:
            merged[-1] = Interval(merged[-1].start, max(merged[-1].end, interval.end))
        else:
            merged.append(interval)
    return merged


def gaps(intervals, within):
    """Return the parts of `within` that none of `intervals` covers."""
    found, cursor = [], within.start
    for interval in merge(intervals):
        if interval.start > cursor:
            found.append(Interval(cursor, min(interval.start, within.end)))
        cursor = max(cursor, interval.end)
        if cursor >= within.end:
            break
    if cursor < within.end:
        found.append(Interval(cursor, within.end))
    return found
