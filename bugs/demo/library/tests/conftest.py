import pytest

from tallybook import RateCard


@pytest.fixture
def office():
    """A rate card with one product of each scheme."""
    return RateCard.from_dict(
        {
            "name": "office",
            "tax_rate": "20",
            "products": {
                "seats": {"unit_price": "4.00"},
                "storage": {
                    "scheme": "volume",
                    "tiers": [
                        {"up_to": 100, "unit_price": "0.10"},
                        {"up_to": 500, "unit_price": "0.05"},
                        {"up_to": 2000, "unit_price": "0.04"},
                    ],
                },
                "power": {
                    "scheme": "graduated",
                    "minimum": "5.00",
                    "tiers": [{"up_to": 200, "unit_price": "0.30"}, {"unit_price": "0.20"}],
                    "windows": [{"from": "22:00", "to": "06:00", "factor": "0.5"}],
                },
            },
        }
    )
