"""The command line: `tallybook bill CARD READINGS --customer NAME --month 2026-01`."""

import argparse
import sys
from datetime import date

from tallybook.billing import bill
from tallybook.errors import TallybookError
from tallybook.period import BillingPeriod
from tallybook.ratecard import RateCard
from tallybook.render import FORMATS
from tallybook.usage import Reading


def parse_month(text):
    """Return the billing period for text such as 2026-01."""
    try:
        year, month = text.split("-")
        day = date(int(year), int(month), 1)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a month such as 2026-01") from None
    return BillingPeriod.month(day.year, day.month)


def parser():
    top = argparse.ArgumentParser(prog="tallybook", description="Bills metered usage.")
    commands = top.add_subparsers(dest="command", required=True)
    command = commands.add_parser("bill", help="print an invoice")
    command.add_argument("card")
    command.add_argument("readings")
    command.add_argument("--customer", default="customer")
    command.add_argument("--month", type=parse_month, required=True)
    command.add_argument("--format", choices=sorted(FORMATS), default="text")
    command.add_argument("--digits", type=int, help="how many digits the meters have before they roll over")
    return top


def main(argv=None):
    """Run the command; returns its exit code."""
    args = parser().parse_args(argv)
    try:
        card, readings = RateCard.load(args.card), Reading.load(args.readings)
        invoice = bill(args.customer, card, readings, args.month, digits=args.digits)
    except (TallybookError, OSError) as problem:
        print(f"tallybook: {problem}", file=sys.stderr)
        return 1
    print(FORMATS[args.format](invoice))
    return 0
