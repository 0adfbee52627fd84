from pathlib import Path

import pytest

from agents.localization.functions import Index, index

SHOP = {
    "shop/basket.py": '''
"""Baskets."""

LIMIT = 10


class Basket:
    currency = "EUR"

    def __init__(self):
        self.items = []

    def add_item(self, item):
        """Put an item into the basket."""
        if len(self.items) > LIMIT:
            raise ValueError(f"the basket is full: {LIMIT} items at most")
        self.items.append(item)

    def total(self):
        return sum(item.price for item in self.items)


def empty(basket):
    basket.items.clear()
''',
    "shop/checkout.py": '''
from shop.basket import Basket


def pay(basket, card):
    """Charge the card."""
    return card.charge(basket.total())


async def refund(card, amount):
    await card.credit(amount)
''',
    "shop/broken.py": "def half(:\n",
    "tests/test_basket.py": "from shop.basket import Basket\n\n\ndef test_total():\n    assert Basket().total() == 0\n",
    "docs/conf.py": "project = 'shop'\n",
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A small shop with tests, documentation, and a file that does not parse."""
    for path, text in SHOP.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text.lstrip("\n"))
    return tmp_path


@pytest.fixture
def known(shop: Path) -> Index:
    return index(shop, ("shop/basket.py", "shop/broken.py", "shop/checkout.py"))
