"""Decisions to write tests with."""

from __future__ import annotations

from datetime import date

from trading.model.decision import (
    Approved,
    Decision,
    Denied,
    ExitOrder,
    ExitReason,
    Reason,
    RiskState,
    Signal,
    StopOut,
    SymbolVerdict,
)


def decision(session: date = date(2014, 3, 3), *, latches: dict[str, date] | None = None) -> Decision:
    """Return a decision in which every kind of thing happened."""
    return Decision(
        session=session,
        equity=10_012.34,
        cash=8_999.99,
        drawdown=0.0123,
        exits=(ExitOrder("MSFT", 12, ExitReason.TREND_BROKEN),),
        entries=(Approved("AAPL", 9, 100.01, 95.02, 105.03, 31.4, "allocation"),),
        denials=(Denied("XOM", "max_positions", 10.0, 10.0), Denied("IBM", "no_stop", None, None)),
        verdicts=(
            SymbolVerdict("XOM", Signal("XOM", 3.1, 100.5, 2.25, 1e6, 99.9, 94.3, 110.0), (), {"atr": 2.25}),
            SymbolVerdict("AAPL", None, (Reason("trend", 61.0, 60.0), Reason("warm_up", None, None)), {}),
            SymbolVerdict("MSFT", None, (), {"middle": 37.0}, held=True, exit_reason=ExitReason.TREND_BROKEN),
        ),
        risk=RiskState(
            peak=10_136.99,
            prior_equity=10_000.0,
            latches=latches or {},
            stop_outs=(StopOut("GE", date(2014, 2, 3)),),
            entries_off_through=None,
        ),
        skipped={"ZZZ": "no bars"},
    )
