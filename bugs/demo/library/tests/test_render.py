import json
from decimal import Decimal

from tallybook import BillingPeriod, Invoice, Line, Money
from tallybook.render import as_csv, as_json, as_text

INVOICE = Invoice(
    "ACME-17",
    BillingPeriod.month(2026, 1),
    (Line("seats, 5 units", Money("20"), Decimal(5), "seats"), Line("Voucher", Money("-2.50"))),
    Decimal(20),
)


def test_the_text_ends_with_the_total():
    assert as_text(INVOICE).splitlines()[-1].split() == ["Total", "21.00", "EUR"]


def test_the_text_names_the_tax_rate():
    assert "Tax 20 %" in as_text(INVOICE)


def test_csv_has_a_row_for_each_line():
    assert as_csv(INVOICE).splitlines()[1:] == [
        'ACME-17,"seats, 5 units",5,20.00,EUR',
        "ACME-17,Voucher,,-2.50,EUR",
    ]


def test_json_amounts_are_strings():
    data = json.loads(as_json(INVOICE))
    assert (data["net"], data["tax"], data["total"]) == ("17.50", "3.50", "21.00")


def test_an_invoice_prints_as_text():
    assert str(INVOICE) == as_text(INVOICE)
