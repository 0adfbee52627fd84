from decimal import Decimal

import pytest

from tallybook import BillingPeriod, Invoice, Line, Money, ReconciliationError
from tallybook.invoice import check_shares


def invoice(*amounts, tax="20"):
    lines = tuple(Line(f"line {n}", Money(amount), product=f"p{n % 2}") for n, amount in enumerate(amounts))
    return Invoice("ACME-17", BillingPeriod.month(2026, 1), lines, Decimal(tax))


def test_tax_is_on_the_net_amount():
    made = invoice("10.00", "5.00")
    assert (made.net, made.tax, made.total) == (Money("15.00"), Money("3.00"), Money("18.00"))


def test_tax_is_rounded_once():
    assert invoice("0.02", "0.02", "0.02", tax="19").tax == Money("0.01")


def test_credits_lower_the_total():
    assert invoice("10.00", "-4.00", tax="0").total == Money("6.00")


def test_an_empty_invoice_owes_nothing():
    assert invoice().total == Money.zero()


def test_products_come_once_in_order():
    assert invoice("1", "2", "3").products() == ["p0", "p1"]


def test_a_split_follows_the_weights():
    shares = invoice("100.00", tax="0").split({"lab": 3, "office": 1})
    assert shares == {"lab": Money("75.00"), "office": Money("25.00")}


def test_one_cost_centre_pays_all():
    assert invoice("9.99").split({"lab": 7}) == {"lab": invoice("9.99").total}


def test_shares_that_do_not_add_up_are_refused():
    with pytest.raises(ReconciliationError, match=r"3\.00 EUR, the invoice is 4\.00"):
        check_shares([Money("1.00"), Money("2.00")], Money("4.00"))
