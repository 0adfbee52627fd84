"""Numbers with their units, short enough for a dense table."""

from datetime import datetime, timedelta
from decimal import Decimal


def duration(seconds: float | None) -> str:
    """0.004 -> "4 ms", 7.25 -> "7.3 s", 192 -> "3 min 12 s", 7500 -> "2 h 5 min"."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60)} min"


def size(count: float | None) -> str:
    """Bytes in powers of 1024: 1536 -> "1.5 KiB"."""
    left = float(count or 0)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if left < 1024:
            return f"{left:.0f} {unit}" if unit == "B" or left >= 100 else f"{left:.1f} {unit}"
        left /= 1024
    return f"{left:.1f} TiB"


def count(number: float | None) -> str:
    """A whole number in groups of three: 1234567 -> "1,234,567"."""
    return f"{number or 0:,.0f}"


def money(dollars: Decimal | float | None) -> str:
    if dollars is None:
        return "price unknown"
    amount = float(dollars)
    return "$0" if amount == 0 else f"${amount:.2f}" if amount >= 0.01 else f"${amount:.4f}"


def age(then: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that says enough: "just now", "4 min ago", "3 days ago"."""
    passed = now - then
    if passed < timedelta(minutes=1):
        return "just now"
    if passed < timedelta(hours=1):
        return f"{int(passed.total_seconds() // 60)} min ago"
    if passed < timedelta(days=1):
        return f"{int(passed.total_seconds() // 3600)} h ago"
    days = passed.days
    return "yesterday" if days == 1 else f"{days} days ago" if days < 60 else f"{days // 30} months ago"
