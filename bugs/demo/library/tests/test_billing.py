import logging
from datetime import datetime
from decimal import Decimal

from tallybook import BillingPeriod, Money, Reading, Voucher, bill

JANUARY = BillingPeriod.month(2026, 1)


def readings(product, *days_and_values):
    return [
        Reading(f"{product}-1", product, datetime(2026, *month_and_day), Decimal(value))
        for month_and_day, value in days_and_values
    ]


def whole_january(product, value):
    return readings(product, ((1, 1), "0"), ((2, 1), value))


def test_a_month_of_seats(office):
    invoice = bill("ACME-17", office, whole_january("seats", "5"), JANUARY)
    assert (invoice.net, invoice.total) == (Money("20.00"), Money("24.00"))


def test_a_month_of_storage(office):
    assert bill("ACME-17", office, whole_january("storage", "120"), JANUARY).net == Money("6.00")


def test_night_hours_cost_half(office):
    night = [
        Reading("power-1", "power", datetime(2026, 1, 10, 0), Decimal(0)),
        Reading("power-1", "power", datetime(2026, 1, 10, 4), Decimal(100)),
    ]
    assert bill("ACME-17", office, night, JANUARY).net == Money("15.00")


def test_lines_are_sorted_by_product(office):
    invoice = bill("ACME-17", office, whole_january("storage", "50") + whole_january("seats", "1"), JANUARY)
    assert invoice.products() == ["seats", "storage"]


def test_usage_outside_the_period_is_not_billed(office):
    outside = readings("seats", ((2, 1), "0"), ((3, 1), "5"))
    assert bill("ACME-17", office, outside, JANUARY).net == Money.zero()


def test_vouchers_come_off_the_subtotal(office):
    invoice = bill("ACME-17", office, whole_january("seats", "5"), JANUARY, [Voucher(Money("2.50"))])
    assert [str(line.amount) for line in invoice.lines] == ["20.00 EUR", "-2.50 EUR"]


def test_a_gap_in_the_readings_is_logged(office, caplog):
    with caplog.at_level(logging.WARNING, "tallybook"):
        bill("ACME-17", office, readings("seats", ((1, 1), "0"), ((1, 20), "5")), JANUARY)
    assert "no readings of seats between 2026-01-20" in caplog.text
