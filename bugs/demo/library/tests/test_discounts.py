from datetime import date
from decimal import Decimal

from tallybook import Cap, Money, Percentage, Voucher
from tallybook.discounts import apply

DAY = date(2026, 1, 31)


def test_a_percentage_is_rounded_to_cents():
    assert Percentage(Decimal("3")).off(Money("10.17"), DAY) == Money("0.31")


def test_the_threshold_itself_earns_the_percentage():
    discount = Percentage(Decimal("10"), threshold=Money("50.00"))
    assert discount.off(Money("50.00"), DAY) == Money("5.00")
    assert discount.off(Money("49.99"), DAY) == Money.zero()


def test_a_voucher_is_good_on_its_last_day():
    assert Voucher(Money("5.00"), expires=DAY).off(Money("9.00"), DAY) == Money("5.00")


def test_an_expired_voucher_takes_nothing_off():
    assert Voucher(Money("5.00"), expires=date(2026, 1, 30)).off(Money("9.00"), DAY) == Money.zero()


def test_a_voucher_never_pays_out():
    assert Voucher(Money("5.00")).off(Money("3.00"), DAY) == Money("3.00")


def test_a_cap_takes_off_what_exceeds_it():
    assert Cap(Money("100.00")).off(Money("130.00"), DAY) == Money("30.00")
    assert Cap(Money("100.00")).off(Money("70.00"), DAY) == Money.zero()


def test_each_discount_sees_what_the_last_one_left():
    discounts = [Percentage(Decimal("50")), Voucher(Money("10.00"))]
    assert apply(discounts, Money("30.00"), DAY) == [("Discount", Money("15.00")), ("Voucher", Money("10.00"))]


def test_discounts_without_effect_are_left_out():
    assert apply([Cap(Money("100.00"))], Money("30.00"), DAY) == []
