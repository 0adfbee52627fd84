"""Invoices as text, CSV and JSON."""

import csv
import io
import json

WIDTH = 60


def _row(text, amount):
    return f"{text[: WIDTH - 18]:<{WIDTH - 16}}{amount!s:>16}"


def as_text(invoice):
    """Return the invoice as a page of plain text."""
    rows = [f"Invoice for {invoice.customer}, {invoice.period}", "=" * WIDTH]
    rows += [_row(line.text, line.amount) for line in invoice.lines]
    rows += ["-" * WIDTH, _row("Net", invoice.net)]
    if invoice.tax_rate:
        rows.append(_row(f"Tax {invoice.tax_rate.normalize():f} %", invoice.tax))
    rows.append(_row("Total", invoice.total))
    return "\n".join(rows)


def as_csv(invoice):
    """Return the invoice's lines as CSV with a header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["customer", "text", "quantity", "amount", "currency"])
    for line in invoice.lines:
        quantity = "" if line.quantity is None else f"{line.quantity.normalize():f}"
        writer.writerow([invoice.customer, line.text, quantity, line.amount.rounded().amount, invoice.currency])
    return out.getvalue()


def as_json(invoice):
    """Return the invoice as JSON; amounts are strings, so that no reader turns them into floats."""
    return json.dumps(
        {
            "customer": invoice.customer,
            "period": str(invoice.period),
            "lines": [{"text": line.text, "amount": str(line.amount.rounded().amount)} for line in invoice.lines],
            "net": str(invoice.net.rounded().amount),
            "tax": str(invoice.tax.amount),
            "total": str(invoice.total.rounded().amount),
            "currency": invoice.currency,
        },
        indent=2,
    )


FORMATS = {"text": as_text, "csv": as_csv, "json": as_json}
