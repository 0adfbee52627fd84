"""From a rate card and readings to an invoice."""

import logging
from collections import defaultdict
from decimal import Decimal

from tallybook import discounts as rebates
from tallybook.invoice import Invoice, Line
from tallybook.money import Money
from tallybook.usage import from_readings, missing

log = logging.getLogger("tallybook.billing")


def weighted_totals(usage, span, card):
    """Return {product: (quantity, quantity weighted by the price windows it was consumed in)} within `span`."""
    plain, weighted = defaultdict(Decimal), defaultdict(Decimal)
    for item in usage:
        part = item.within(span)
        price = card.price(item.product)
        plain[item.product] += part.quantity
        if price.windows:
            weighted[item.product] += sum(hour.quantity * price.factor_at(hour.span.start) for hour in part.hourly())
        else:
            weighted[item.product] += part.quantity
    return {product: (plain[product], weighted[product]) for product in plain}


def usage_lines(usage, span, card):
    """Return one line for each product that was used."""
    lines = []
    for product, (quantity, weighted) in sorted(weighted_totals(usage, span, card).items()):
        amount = card.charge(product, weighted).rounded()
        lines.append(Line(f"{product}, {quantity.normalize():f} units", amount, quantity, product))
    return lines


def discount_lines(discounts, lines, day, currency):
    subtotal = sum((line.amount for line in lines), Money.zero(currency))
    return [Line(label, -off) for label, off in rebates.apply(discounts, subtotal, day)]


def bill(customer, card, readings, period, discounts=(), digits=None):
    """Return the invoice of `customer` for `period`."""
    span = period.interval()
    usage = from_readings(readings, digits)
    for product in sorted({item.product for item in usage}):
        for gap in missing(usage, span, product):
            log.warning("%s: no readings of %s between %s and %s", customer, product, gap.start, gap.end)
    lines = usage_lines(usage, span, card)
    lines += discount_lines(discounts, lines, period.last, card.currency)
    invoice = Invoice(customer, period, tuple(lines), card.tax_rate, card.currency)
    log.info("%s: %d lines, %s", customer, len(lines), invoice.total)
    return invoice
