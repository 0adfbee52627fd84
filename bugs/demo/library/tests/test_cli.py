import json

import pytest

from tallybook.cli import main


@pytest.fixture
def files(tmp_path):
    card, readings = tmp_path / "card.json", tmp_path / "readings.csv"
    card.write_text(json.dumps({"name": "x", "products": {"seats": {"unit_price": "4.00"}}}))
    readings.write_text("meter,product,at,value\nm1,seats,2026-01-01T00:00,0\nm1,seats,2026-02-01T00:00,5\n")
    return [str(card), str(readings)]


def test_bill_prints_the_invoice(files, capsys):
    assert main(["bill", *files, "--month", "2026-01"]) == 0
    assert "20.00 EUR" in capsys.readouterr().out


def test_bill_prints_csv(files, capsys):
    main(["bill", *files, "--month", "2026-01", "--format", "csv", "--customer", "ACME-17"])
    assert capsys.readouterr().out.startswith("customer,text,quantity,amount,currency\nACME-17,")


def test_a_file_that_is_not_there_is_one_line_on_stderr(files, capsys):
    assert main(["bill", "nowhere.json", files[1], "--month", "2026-01"]) == 1
    assert capsys.readouterr().err.startswith("tallybook: ")


def test_a_month_that_is_none_is_a_usage_error(files):
    with pytest.raises(SystemExit) as stopped:
        main(["bill", *files, "--month", "January"])
    assert stopped.value.code == 2
