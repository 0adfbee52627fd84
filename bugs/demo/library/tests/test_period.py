from datetime import date

import pytest

from tallybook.period import BillingPeriod, add_months


@pytest.mark.parametrize(
    "day, months, moved",
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 11, 15), 2, date(2027, 1, 15)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
    ],
)
def test_months_are_added(day, months, moved):
    assert add_months(day, months) == moved


def test_a_month_includes_its_last_day():
    assert BillingPeriod.month(2026, 2).days == 28


def test_the_contract_month_begins_on_the_anchor():
    period = BillingPeriod.containing(date(2026, 3, 4), anchor=date(2024, 5, 15))
    assert period == BillingPeriod(date(2026, 2, 15), date(2026, 3, 14))


def test_the_anchor_day_opens_its_month():
    assert BillingPeriod.containing(date(2026, 3, 15), date(2024, 5, 15)).first == date(2026, 3, 15)


def test_the_interval_runs_to_midnight_after_the_last_day():
    span = BillingPeriod.month(2026, 1).interval()
    assert (span.start.day, span.end.month, span.end.day) == (1, 2, 1)


def test_half_a_month_is_shared():
    assert BillingPeriod.month(2026, 6).share(date(2026, 6, 16), None) == 0.5


def test_a_contract_outside_the_period_has_no_share():
    assert BillingPeriod.month(2026, 6).share(date(2026, 7, 1), None) == 0.0
