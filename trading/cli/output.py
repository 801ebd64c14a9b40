"""How commands speak: aligned tables, JSON for programs, colour only where a person looks."""

from __future__ import annotations

from collections.abc import Sequence

import click
import msgspec

GAP = "  "


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, left: frozenset[int] = frozenset({0})) -> str:
    """Return an aligned table; columns are set right but those whose place is in `left`."""
    columns = list(zip(headers, *rows, strict=True)) if rows else [(header,) for header in headers]
    widths = [max(len(cell) for cell in column) for column in columns]
    lines = [headers, *rows]
    return "\n".join(
        GAP.join(
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def json_text(value: object) -> str:
    """Return a value as indented JSON, with plain decimals."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def decimal(value: float, decimals: int) -> str:
    """Return a number with so many decimals."""
    return f"{value:,.{decimals}f}"


def money(amount: float | None) -> str:
    """Return an amount in USD with two decimals, a dash where there is none."""
    return "–" if amount is None else f"{amount:,.2f}"


def say(text: str, *, bad: bool = False) -> None:
    """Print one block of text; red when it is bad news and a person looks at a terminal."""
    click.secho(text, fg="red" if bad else None)
