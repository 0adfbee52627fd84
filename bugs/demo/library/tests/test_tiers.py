from decimal import Decimal

import pytest

from tallybook.errors import BadRateCard, NoTier
from tallybook.money import Money
from tallybook.tiers import Tier, Tiers


def tiers(*limits_and_prices):
    return Tiers(Tier(limit and Decimal(limit), Decimal(price)) for limit, price in limits_and_prices)


STEPS = (("10", "1.00"), ("50", "0.80"), (None, "0.50"))


@pytest.mark.parametrize("quantity, price", [("0", "0"), ("5", "5.00"), ("20", "16.00"), ("49", "39.20"), ("100", "50.00")])
def test_volume_charges_all_units_at_one_price(quantity, price):
    assert tiers(*STEPS).volume(quantity) == Money(price)


@pytest.mark.parametrize("quantity, price", [("5", "5.00"), ("10", "10.00"), ("30", "26.00"), ("50", "42.00"), ("60", "47.00")])
def test_graduated_charges_each_unit_at_its_price(quantity, price):
    assert tiers(*STEPS).graduated(quantity) == Money(price)


def test_a_fraction_past_the_limit_is_in_the_next_tier():
    assert tiers(*STEPS).tier_for(Decimal("10.25")).unit_price == Decimal("0.80")


def test_a_fraction_before_the_limit_is_still_in_the_tier():
    assert tiers(*STEPS).tier_for(Decimal("9.75")).unit_price == Decimal("1.00")


@pytest.mark.parametrize("scheme", ["volume", "graduated"])
@pytest.mark.parametrize("quantity", ["50.5", "51", "1000"])
def test_beyond_the_last_tier_there_is_no_price(scheme, quantity):
    with pytest.raises(NoTier, match="ends at 50"):
        getattr(tiers(*STEPS[:2]), scheme)(quantity)


def test_a_negative_quantity_is_refused():
    with pytest.raises(ValueError):
        tiers(*STEPS).volume("-1")


def test_limits_must_ascend():
    with pytest.raises(BadRateCard, match="ascending"):
        tiers(("50", "1"), ("10", "2"))


def test_only_the_last_tier_is_open():
    with pytest.raises(BadRateCard, match="open-ended"):
        tiers((None, "1"), ("10", "2"))


def test_no_tiers_are_no_price():
    with pytest.raises(BadRateCard, match="at least one"):
        tiers()
