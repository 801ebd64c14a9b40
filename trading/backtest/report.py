"""The files of a backtest: trades.csv, equity.csv and summary.json, put into the folder whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from trading.backtest.metrics import Performance
from trading.backtest.result import BacktestResult
from trading.market.panel import Panel
from trading.model.trade import TRADE_COLUMNS

EQUITY_COLUMNS = ("date", "cash", "equity", "positions", "drawdown")
SURVIVORS_WARNING = (
    "Every symbol of this data trades until its end: a list of survivors, so the result flatters the strategy."
)
_SURVIVORS_MIN_SESSIONS = 252
_SURVIVORS_TAIL_SESSIONS = 10


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What a run was made of: enough to make it again."""

    data_file: str
    data_digest: str
    symbols: int
    configuration: Mapping[str, object]
    warnings: tuple[str, ...]


def survivorship_warning(panel: Panel) -> str | None:
    """Return the warning for data of a year or more from which no symbol ever disappears."""
    if len(panel.sessions) < _SURVIVORS_MIN_SESSIONS or len(panel.symbols) < 2:  # noqa: PLR2004 - a list has two
        return None
    gone = (panel.close[-_SURVIVORS_TAIL_SESSIONS:] != panel.close[-_SURVIVORS_TAIL_SESSIONS:]).all(axis=0)
    return None if gone.any() else SURVIVORS_WARNING


def trades_csv(result: BacktestResult) -> str:
    """Return one row a closed trade; prices as they are, with two decimals or more, amounts in cents."""
    rows = (
        (
            trade.symbol,
            trade.quantity,
            trade.entry_session.isoformat(),
            price_text(trade.entry_price),
            trade.exit_session.isoformat(),
            price_text(trade.exit_price),
            trade.exit_reason.value,
            f"{trade.commission:.2f}",
            f"{trade.pnl:.2f}",
        )
        for trade in result.trades
    )
    return _csv_text(TRADE_COLUMNS, rows)


def equity_csv(result: BacktestResult) -> str:
    """Return one row a decision; amounts in cents, drawdown as a fraction with 6 decimals."""
    rows = (
        (
            point.session.isoformat(),
            f"{point.cash:.2f}",
            f"{point.equity:.2f}",
            point.positions,
            f"{point.drawdown:.6f}",
        )
        for point in result.equity
    )
    return _csv_text(EQUITY_COLUMNS, rows)


def summary(result: BacktestResult, metrics: Performance, record: RunRecord) -> dict[str, object]:
    """Return summary.json as a mapping; a figure that the data can't give is None."""
    return {
        "engine": result.engine,
        "period": {
            "start": result.equity[0].session.isoformat(),
            "end": result.equity[-1].session.isoformat(),
            "sessions": len(result.equity),
        },
        "starting_cash": result.starting_cash,
        "final_cash": result.equity[-1].cash,
        "final_equity": result.equity[-1].equity,
        **asdict(metrics),
        "trades": len(result.trades),
        "trades_by_reason": _trades_by_reason(result),
        "open_positions": [
            asdict(position) | {"entry_session": position.entry_session.isoformat()}
            for position in result.open_positions
        ],
        "orders_placed": result.orders_placed,
        "orders_filled": result.orders_filled,
        "fill_rate": result.fill_rate,
        "refusals": dict(result.refusals),
        "halted_on": None if result.halted_on is None else result.halted_on.isoformat(),
        "latched_on": {code: day.isoformat() for code, day in result.latches.items()},
        "configuration": record.configuration,
        "data": {"file": record.data_file, "digest": record.data_digest, "symbols": record.symbols},
        "warnings": list(record.warnings),
    }


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Put the files, by name, into `folder`, which is made where it is missing; other files in it stay.

    All are written beside it first and renamed when the last is safe on disk, so a reader never meets half a report.

    Raises: OSError, nothing of the new report is then in the folder.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for name, text in files.items():
            with (partial / name).open("w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        folder.mkdir(exist_ok=True)
        for name in files:
            (partial / name).replace(folder / name)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def report_files(result: BacktestResult, summary_values: Mapping[str, object]) -> dict[str, str]:
    """Return the text of every file of the report by its name."""
    return {
        "trades.csv": trades_csv(result),
        "equity.csv": equity_csv(result),
        "summary.json": json.dumps(summary_values, indent=2, allow_nan=False) + "\n",
    }


def price_text(price: float) -> str:
    """Return the shortest decimal that reads back as `price`, with at least two decimals."""
    text = f"{price:.2f}"
    return text if float(text) == price else repr(price)


def _trades_by_reason(result: BacktestResult) -> dict[str, int]:
    reasons = [trade.exit_reason.value for trade in result.trades]
    return {reason: reasons.count(reason) for reason in sorted(set(reasons))}


def _csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()
