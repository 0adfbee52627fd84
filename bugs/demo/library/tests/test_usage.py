from datetime import datetime
from decimal import Decimal

import pytest

from tallybook.errors import BadReading
from tallybook.interval import Interval
from tallybook.usage import Reading, from_readings, missing, totals

DAY = Interval(datetime(2026, 1, 1), datetime(2026, 1, 2))


def reading(hour, value, meter="m1", day=1):
    return Reading(meter, "power", datetime(2026, 1, day, hour), Decimal(value))


def test_usage_is_the_difference_of_readings():
    [usage] = from_readings([reading(0, "100"), reading(6, "112")])
    assert usage.quantity == 12


def test_readings_may_come_in_any_order():
    usage = from_readings([reading(12, "30"), reading(0, "10"), reading(6, "15")])
    assert [item.quantity for item in usage] == [5, 15]


def test_meters_are_kept_apart():
    usage = from_readings([reading(0, "1"), reading(1, "2"), reading(0, "50", "m2"), reading(1, "60", "m2")])
    assert [(item.meter, item.quantity) for item in usage] == [("m1", 1), ("m2", 10)]


def test_a_meter_that_runs_backwards_is_refused():
    with pytest.raises(BadReading, match="backwards"):
        from_readings([reading(0, "10"), reading(1, "9")])


def test_a_meter_may_roll_over():
    [usage] = from_readings([reading(0, "9990"), reading(1, "10")], digits=4)
    assert usage.quantity == 20


def test_two_readings_at_one_moment_are_refused():
    with pytest.raises(BadReading, match="two readings"):
        from_readings([reading(0, "10"), reading(0, "10")])


def test_only_the_part_within_the_period_counts():
    usage = from_readings([reading(12, "0"), reading(12, "48", day=2)])
    assert totals(usage, DAY) == {"power": Decimal("24")}


def test_usage_is_spread_over_the_hours():
    [usage] = from_readings([reading(0, "0"), reading(4, "8")])
    assert [hour.quantity for hour in usage.hourly()] == [2, 2, 2, 2]


def test_hours_without_readings_are_missing():
    usage = from_readings([reading(0, "0"), reading(20, "5")])
    assert missing(usage, DAY, "power") == [Interval(datetime(2026, 1, 1, 20), datetime(2026, 1, 2))]


def test_readings_are_loaded_from_csv(tmp_path):
    path = tmp_path / "readings.csv"
    path.write_text("meter,product,at,value\nm1,power,2026-01-01T00:00:00,10.5\n")
    assert Reading.load(path) == [reading(0, "10.5")]


def test_a_row_that_cannot_be_read_is_shown():
    with pytest.raises(BadReading, match="m7"):
        Reading.from_row({"meter": "m7", "product": "power", "at": "yesterday", "value": "1"})
