"""Numbers and times as a person reads them: fixed decimals, thin thousands, a true minus, no negative zero."""

from __future__ import annotations

import math
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import Flask

from webapp.situation import duration

NEW_YORK = ZoneInfo("America/New_York")
THIN = "\u202f"
MINUS = "\u2212"
DASH = "\u2013"


def number(value: float | None, decimals: int = 2) -> str:
    """Return a number with `decimals` places, a dash where there is none."""
    if value is None or not math.isfinite(value):
        return DASH
    text = f"{abs(value):,.{decimals}f}".replace(",", THIN)
    negative = value < 0 and any(character not in f"0.{THIN}" for character in text)
    return MINUS + text if negative else text


def price(value: float | None) -> str:
    """Return a price with the decimals of its tick."""
    if value is not None and 0 < abs(value) < 1:
        return number(value, 4)
    return number(value, 2)


def signed(value: float | None, decimals: int = 2) -> str:
    """Return a gain or a loss with its sign and an arrow, so that colour is never the only mark."""
    text = number(value, decimals)
    if value is None or not math.isfinite(value) or not any(c in "123456789" for c in text):
        return text
    return f"\u25b2{THIN}+{text}" if value > 0 else f"\u25bc{THIN}{text}"


def percent(fraction: float | None, decimals: int = 1) -> str:
    """Return a fraction as percent."""
    return DASH if fraction is None else f"{number(100 * fraction, decimals)}{THIN}%"


def signed_percent(fraction: float | None, decimals: int = 1) -> str:
    """Return a gain or a loss in percent with its sign; the arrow stands beside the amount."""
    if fraction is None or not math.isfinite(fraction):
        return DASH
    text = percent(fraction, decimals)
    return f"+{text}" if fraction > 0 and any(c in "123456789" for c in text) else text


def direction(value: float | None) -> str:
    """Return the style class of a gain or a loss."""
    if value is None or not math.isfinite(value) or value == 0:
        return "flat"
    return "gain" if value > 0 else "loss"


def day(value: date | None) -> str:
    """Return a session as a person says it."""
    return DASH if value is None else f"{value:%a} {value.day} {value:%b %Y}"


def near_day(value: date | None) -> str:
    """Return a session of these days, without its year."""
    return DASH if value is None else f"{value:%a} {value.day} {value:%b}"


def short_day(value: date | None) -> str:
    """Return a session in a column."""
    return DASH if value is None else f"{value.day} {value:%b %Y}"


def new_york(value: datetime | None) -> str:
    """Return a moment as day and time in New York."""
    if value is None:
        return DASH
    local = value.astimezone(NEW_YORK)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"


def new_york_time(value: datetime | None) -> str:
    """Return the time of day in New York."""
    return DASH if value is None else f"{value.astimezone(NEW_YORK):%H:%M}"


def new_york_day(value: datetime | None) -> str:
    """Return the day in New York."""
    return DASH if value is None else day(value.astimezone(NEW_YORK).date())


def new_york_near(value: datetime | None, now: datetime | None) -> str:
    """Return a moment in New York, short: the time of day when it was today, the year only of another year."""
    if value is None:
        return DASH
    return _near(value.astimezone(NEW_YORK), None if now is None else now.astimezone(NEW_YORK).date())


def local_near(value: datetime, now: datetime) -> str:
    """Return a moment by the clock of the machine that this runs on, as short, with its zone."""
    local = value.astimezone()
    return f"{_near(local, now.astimezone().date())} {local:%Z}"


def _near(local: datetime, today: date | None) -> str:
    if today == local.date():
        return f"{local:%H:%M}"
    year = "" if today is not None and today.year == local.year else f" {local.year}"
    return f"{local:%a} {local.day} {local:%b}{year}, {local:%H:%M}"


def measured_decimals(value: float) -> int:
    """Return how many decimals a measured value is shown with, by its size."""
    if value.is_integer():
        return 0
    return 1 if abs(value) >= 1000 else 2 if abs(value) >= 1 else 4  # noqa: PLR2004


def iso(value: datetime | None) -> str:
    """Return a moment for a program and for a tooltip."""
    return "" if value is None else value.isoformat(timespec="seconds")


def install(app: Flask) -> None:
    """Make these available to the templates."""
    app.jinja_env.filters.update(
        number=number,
        price=price,
        signed=signed,
        percent=percent,
        signed_percent=signed_percent,
        direction=direction,
        day=day,
        short_day=short_day,
        new_york=new_york,
        new_york_time=new_york_time,
        new_york_day=new_york_day,
        new_york_near=new_york_near,
        near_day=near_day,
        iso=iso,
        duration=duration,
    )
    app.jinja_env.globals["measured_decimals"] = measured_decimals
