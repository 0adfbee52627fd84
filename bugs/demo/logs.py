"""The logs that come with the demo reports: generated, but the way a billing service writes them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

SITE_PACKAGES = "/srv/billing/venv/lib/python3.12/site-packages"
ROTATE_AT = 192 * 1024  # bytes; what the collector's RotatingFileHandler is set to

NO_TIER = f"""\
Traceback (most recent call last):
  File "/srv/billing/run.py", line 88, in invoice_customer
    invoice = bill(customer.id, card, readings, period, customer.discounts)
  File "{SITE_PACKAGES}/tallybook/billing.py", line 50, in bill
    lines = usage_lines(usage, span, card)
  File "{SITE_PACKAGES}/tallybook/billing.py", line 33, in usage_lines
    amount = card.charge(product, weighted).rounded()
  File "{SITE_PACKAGES}/tallybook/ratecard.py", line 95, in charge
    return self.price(product).charge(quantity)
  File "{SITE_PACKAGES}/tallybook/ratecard.py", line 47, in charge
    amount = self._amount(Decimal(quantity))
  File "{SITE_PACKAGES}/tallybook/ratecard.py", line 55, in _amount
    return self.tiers.volume(quantity)
  File "{SITE_PACKAGES}/tallybook/tiers.py", line 63, in volume
    return Money(quantity * self.tier_for(quantity).unit_price, self.currency)
  File "{SITE_PACKAGES}/tallybook/tiers.py", line 58, in tier_for
    raise NoTier(f"no tier for {{quantity}} units: the last one ends at {{self.limit}}")
tallybook.errors.NoTier: no tier for 2000 units: the last one ends at 2000
"""

RECONCILIATION = """\
Traceback (most recent call last):
  File "/opt/ledger/book.py", line 31, in book
    shares = invoice.split(centres)
  File "/opt/ledger/venv/lib/python3.11/site-packages/tallybook/invoice.py", line 50, in split
    check_shares(shares.values(), self.total)
  File "/opt/ledger/venv/lib/python3.11/site-packages/tallybook/invoice.py", line 63, in check_shares
    raise ReconciliationError(f"shares add up to {added}, the invoice is {total}")
tallybook.errors.ReconciliationError: shares add up to 99.99 EUR, the invoice is 100.00 EUR
"""

CUSTOMERS = ("kontor-nord", "atelier-sud", "werkhof", "hafen-11", "lindenhof", "studio-k")


@dataclass(frozen=True, slots=True)
class LogFile:
    name: str
    data: bytes


def off_by_one() -> tuple[LogFile, ...]:
    """The nightly run of 1 February, from its start to the summary after the customer it stumbled over."""
    lines = "".join(invoice_run(Random(417), datetime(2026, 2, 1, 1, 57, 3, 220_000, UTC)))  # noqa: S311
    return (LogFile("invoice-run.log", lines.encode()),)


def rolled_over() -> tuple[LogFile, ...]:
    """The collector's newest three files. Its oldest line is of 2 February: the night of 30 January is gone."""
    text = "".join(collector(Random(31), datetime(2026, 2, 2, 4, 11, 40, 118_000, UTC)))  # noqa: S311
    newest, older, oldest = rotated(text)
    return (LogFile("app.log", newest), LogFile("app.log.1", older), LogFile("app.log.2", oldest))


def stubborn() -> tuple[LogFile, ...]:
    """The afternoon's ledger bookings, the failing one among them."""
    lines = "".join(bookings(Random(99), datetime(2026, 2, 5, 12, 31, 9, 500_000, UTC)))  # noqa: S311
    return (LogFile("ledger.log", lines.encode()),)


def line(at: datetime, level: str, logger: str, text: str) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03d} +0000 {level:<7} [{logger}] {text}\n"


def invoice_run(dice: Random, at: datetime) -> Iterator[str]:
    yield line(
        at, "INFO", "nightly.run", "invoice run for 2026-01 on billing-1.example.org, 1,180 customers, 4 workers"
    )
    stumbles = datetime(2026, 2, 1, 2, 14, 7, 512_000, UTC)
    while at < stumbles - timedelta(seconds=1):
        at += timedelta(milliseconds=dice.randint(250, 2600))
        yield from invoiced(dice, min(at, stumbles))
    yield line(stumbles, "INFO", "nightly.run", "customer kontor-nord-0417: card archive, 62 readings, product storage")
    yield line(stumbles, "ERROR", "nightly.run", "customer kontor-nord-0417 failed, the run stops")
    yield NO_TIER
    at = stumbles + timedelta(milliseconds=40)
    yield line(at, "WARNING", "nightly.run", "run aborted after 1 failure, customers left are invoiced by the next run")
    for second in range(4, 900, 30):
        yield line(
            at + timedelta(seconds=second), "INFO", "nightly.health", f"idle, queue 0, rss {dice.randint(88, 92)} MiB"
        )


def invoiced(dice: Random, at: datetime) -> Iterator[str]:
    """What one customer leaves in the log."""
    customer = f"{dice.choice(CUSTOMERS)}-{dice.randint(1, 899):04d}"
    cents = dice.randint(900, 98_000)
    yield line(
        at, "INFO", "nightly.run", f"customer {customer}: card office, {dice.randint(28, 62)} readings, product power"
    )
    if dice.random() < 0.03:
        day = dice.randint(2, 27)
        gap = f"between 2026-01-{day:02d} 03:00:00 and 2026-01-{day:02d} 04:00:00"
        yield line(at, "WARNING", "tallybook.billing", f"{customer}: no readings of power {gap}")
    yield line(at, "INFO", "tallybook.billing", f"{customer}: {dice.randint(1, 4)} lines, {cents / 100:.2f} EUR")
    if dice.random() < 0.02:
        yield line(at, "WARNING", "nightly.mail", f"smtp.example.org answered 451, retry in {dice.randint(5, 60)} s")


def collector(dice: Random, at: datetime) -> Iterator[str]:
    """A little over a day of a collector that polls 31 meters of building C and others."""
    while at < datetime(2026, 2, 3, 8, 55, tzinfo=UTC):
        at += timedelta(milliseconds=dice.randint(4_000, 31_000))
        meter = f"{dice.choice('ABCD')}-{dice.randint(1, 31):02d}"
        yield line(
            at,
            "INFO",
            "collector.poll",
            f"meter {meter}: {dice.randint(100_000, 999_999) / 10:.1f} kWh in {dice.randint(18, 240)} ms",
        )
        if dice.random() < 0.01:
            yield line(at, "WARNING", "collector.poll", f"meter {meter}: no answer, attempt {dice.randint(1, 3)} of 3")
        if dice.random() < 0.004:
            yield line(at, "INFO", "collector.push", f"sent {dice.randint(200, 400)} readings to billing-1.example.org")


def rotated(text: str) -> tuple[bytes, bytes, bytes]:
    """`text` as a rotating handler leaves it: the newest file still growing, the two before it full."""
    files, current = [], ""
    for entry in text.splitlines(keepends=True):
        if len(current) + len(entry) > ROTATE_AT:
            files.append(current)
            current = ""
        current += entry
    newest, older, oldest = [*files, current][:-4:-1]
    return newest.encode(), older.encode(), oldest.encode()


def bookings(dice: Random, at: datetime) -> Iterator[str]:
    fails = datetime(2026, 2, 5, 13, 5, 42, 77_000, UTC)
    while at < fails - timedelta(seconds=9):
        at += timedelta(milliseconds=dice.randint(900, 8_000))
        cents = dice.randint(500, 40_000)
        yield line(
            at,
            "INFO",
            "ledger.book",
            f"booked {cents / 100:.2f} EUR for {dice.choice(CUSTOMERS)} on {dice.choice(('lab', 'office'))}",
        )
    yield line(fails, "INFO", "ledger.book", "invoice R-2026-0119 of werkhof, 100.00 EUR, 3 cost centres")
    yield line(fails, "ERROR", "ledger.book", "cannot book invoice R-2026-0119")
    yield RECONCILIATION
    for second in range(11, 600, 7):
        yield line(
            fails + timedelta(seconds=second),
            "INFO",
            "ledger.book",
            f"booked {dice.randint(500, 9_000) / 100:.2f} EUR for hafen-11 on office",
        )
