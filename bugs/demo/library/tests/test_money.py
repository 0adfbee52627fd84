from decimal import Decimal

import pytest

from tallybook.errors import CurrencyMismatch
from tallybook.money import Money


def test_amounts_add_up():
    assert sum([Money("1.10"), Money("2.20")]) == Money("3.30")


def test_currencies_do_not_mix():
    with pytest.raises(CurrencyMismatch):
        Money("1", "EUR") + Money("1", "USD")


def test_a_float_is_refused():
    with pytest.raises(TypeError):
        Money(0.1)


@pytest.mark.parametrize("amount, payable", [("1.005", "1.01"), ("1.004", "1.00"), ("-1.005", "-1.01")])
def test_half_a_cent_goes_up(amount, payable):
    assert Money(amount).rounded() == Money(payable)


def test_yen_have_no_cents():
    assert Money("99.5", "JPY").rounded() == Money("100", "JPY")


def test_dinars_have_three_digits():
    assert str(Money("1.2345", "KWD")) == "1.235 KWD"


def test_percent_is_exact():
    assert Money("10.01").percent("2.5").amount == Decimal("0.25025")


def test_amounts_are_ordered():
    assert Money("1") < Money("2") <= Money("2.00")


def test_zero_is_false():
    assert not Money.zero()
    assert Money("0.01")


def test_shares_follow_the_weights():
    assert Money("10.00").allocate([1, 4]) == [Money("2.00"), Money("8.00")]


def test_shares_are_payable():
    assert Money("10.00").allocate([Decimal("0.5"), Decimal("1.5")]) == [Money("2.50"), Money("7.50")]


def test_weights_of_nothing_are_refused():
    with pytest.raises(ValueError):
        Money("1.00").allocate([0, 0])
