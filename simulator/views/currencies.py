"""Currencies and their rates, which never move: the account holds dollars alone, in whatever currency it is kept."""

from __future__ import annotations

HOME = "USD"
# Currency: the pair as the market quotes it, its conid in the broker's database, and what one unit is worth in USD.
PAIRS: dict[str, tuple[str, int, float]] = {
    "AUD": ("AUD.USD", 14433401, 0.66),
    "CAD": ("USD.CAD", 15016062, 0.73),
    "CHF": ("USD.CHF", 12087820, 1.13),
    "CNH": ("USD.CNH", 113342317, 0.14),
    "DKK": ("USD.DKK", 34808964, 0.146),
    "EUR": ("EUR.USD", 12087792, 1.09),
    "GBP": ("GBP.USD", 12087797, 1.27),
    "HKD": ("USD.HKD", 12345777, 0.128),
    "JPY": ("USD.JPY", 15016059, 0.0067),
    "MXN": ("USD.MXN", 35045199, 0.055),
    "NOK": ("USD.NOK", 37971206, 0.093),
    "NZD": ("NZD.USD", 39453441, 0.61),
    "PLN": ("USD.PLN", 34831481, 0.253),
    "SEK": ("USD.SEK", 37893486, 0.095),
    "SGD": ("USD.SGD", 37928772, 0.745),
}


def dollars_for(currency: str) -> float | None:
    """Return what one unit of a currency is worth in USD, None for one that is not known."""
    return 1.0 if currency == HOME else PAIRS[currency][2] if currency in PAIRS else None
