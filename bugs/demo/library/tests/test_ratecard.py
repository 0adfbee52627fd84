import json
from datetime import datetime
from decimal import Decimal

import pytest

from tallybook import Money, RateCard
from tallybook.errors import BadRateCard, UnknownProduct


def test_flat_prices_are_per_unit(office):
    assert office.charge("seats", 3) == Money("12.00")


def test_volume_prices_fall_with_the_quantity(office):
    assert office.charge("storage", 300) == Money("15.00")


def test_the_minimum_is_charged_for_little_use(office):
    assert office.charge("power", 3) == Money("5.00")


def test_the_minimum_does_not_touch_larger_amounts(office):
    assert office.charge("power", 300) == Money("80.00")


def test_an_unknown_product_is_named(office):
    with pytest.raises(UnknownProduct, match="'water'"):
        office.charge("water", 1)


@pytest.mark.parametrize("clock, factor", [("23:30", "0.5"), ("05:59", "0.5"), ("06:00", "1"), ("21:59", "1")])
def test_the_night_runs_past_midnight(office, clock, factor):
    moment = datetime.fromisoformat(f"2026-01-15T{clock}")
    assert office.price("power").factor_at(moment) == Decimal(factor)


def test_a_card_is_read_from_json(tmp_path):
    path = tmp_path / "card.json"
    path.write_text(json.dumps({"name": "x", "products": {"seats": {"unit_price": 4.1}}}))
    assert RateCard.load(path).charge("seats", 10) == Money("41.0")


def test_a_card_without_products_is_refused():
    with pytest.raises(BadRateCard, match="products"):
        RateCard.from_dict({"name": "x"})


def test_an_unknown_scheme_is_refused():
    with pytest.raises(BadRateCard, match="stairs"):
        RateCard.from_dict({"name": "x", "products": {"seats": {"scheme": "stairs"}}})
