"""Results of research as aligned text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from trading.backtest.metrics import Performance
from trading.backtest.report import RunRecord
from trading.backtest.result import BacktestResult
from trading.cli.explanation import Explanation, FunnelStep, verdicts_of
from trading.cli.output import decimal, money, table
from trading.model.decision import Approved, Decision, Denied, Reason, Signal
from trading.model.decision_words import sentence
from trading.model.strategy_words import words

_BOTH_LEFT = frozenset({0, 1})


def summary_text(result: BacktestResult, metrics: Performance, record: RunRecord, out: Path | None) -> str:
    """Return the figures of a backtest, its warnings, and where the files are."""
    first, last = result.equity[0], result.equity[-1]
    heading = (
        f"Backtest of {record.symbols} symbols, {first.session} to {last.session}, "
        f"{len(result.equity):,} sessions, engine {result.engine}"
    )
    rows = [
        ("Equity", f"{money(result.starting_cash)} → {money(last.equity)} USD ({_percent(metrics.total_return)})"),
        ("CAGR", _percent(metrics.cagr)),
        ("Volatility", _percent(metrics.volatility)),
        ("Sharpe, Sortino, Calmar", ", ".join(_ratio(r) for r in (metrics.sharpe, metrics.sortino, metrics.calmar))),
        ("Maximum drawdown", f"{_percent(metrics.max_drawdown)} over {metrics.max_drawdown_sessions:,} sessions"),
        ("Trades", f"{len(result.trades):,} closed ({_reasons(result)}), {len(result.open_positions)} open"),
        ("Win rate, profit factor", f"{_percent(metrics.win_rate)}, {_ratio(metrics.profit_factor)}"),
        ("Expectancy a trade", f"{money(metrics.expectancy)} USD after commissions"),
        ("Commissions", f"{money(metrics.commissions)} USD"),
        ("Exposure", _percent(metrics.exposure)),
        ("Turnover", "–" if metrics.turnover is None else f"{metrics.turnover:.1f} times a year"),
        ("Entries", f"{result.orders_placed:,} placed, {result.orders_filled:,} filled ({_percent(result.fill_rate)})"),
        ("Refused", ", ".join(f"{code} {count:,}" for code, count in result.refusals.items()) or "none"),
        ("Data", f"{record.data_file}, SHA-256 {record.data_digest[:16]}…"),
    ]
    if result.halted_on is not None:
        rows.append(("No entries since", f"{result.halted_on}: drawdown_halt, which a person would have to resume"))
    lines = [heading, table(("", ""), rows, left=_BOTH_LEFT).lstrip("\n")]
    lines += [f"Warning: {warning}" for warning in record.warnings]
    if out is not None:
        lines.append(f"Written to {out}: trades.csv, equity.csv, summary.json")
    return "\n".join(lines)


def screen_text(
    steps: Sequence[FunnelStep], candidates: Sequence[Signal], decision: Decision, warnings: Sequence[str]
) -> str:
    """Return the funnel and the candidates, best first, each with what the limits say to it."""
    rows = [(step.rule, f"{step.failed:,}", f"{step.left:,}") for step in steps]
    lines = [
        f"Screen of {len(decision.verdicts):,} symbols after the close of {decision.session}",
        "",
        table(("Rule", "Fail it", "Left"), rows),
        "",
    ]
    if candidates:
        lines.append(_candidates(candidates, decision))
    else:
        lines.append("No symbol gives a buy signal.")
    lines += [f"Warning: {warning}" for warning in warnings]
    return "\n".join(lines)


def explain_text(explanation: Explanation) -> str:
    """Return every rule of one symbol, its order prices and its size under each cap."""
    heading = f"{explanation.symbol} after the close of {explanation.session}"
    if explanation.not_judged is not None:
        return f"{heading}: not judged. {_not_judged(explanation.not_judged)}"
    answer = "buy signal" if explanation.signal else "no signal"
    lines = [
        f"{heading}: {answer}",
        "",
        table(
            ("", "Rule", "What was found"),
            [("pass" if check.passed else "FAIL", check.rule, check.text) for check in explanation.checks],
            left=frozenset({0, 1, 2}),
        ),
        "",
    ]
    would = "" if explanation.signal else ", if the rules held"
    if explanation.prices is not None:
        prices = explanation.prices
        named = {"limit": prices.limit, "stop": prices.stop, "target": prices.target}
        lines.append(f"Order prices{would}: " + ", ".join(f"{name} {price(value)}" for name, value in named.items()))
    sizes = [(size.cap, "off" if size.shares is None else f"{size.shares:,.2f}") for size in explanation.sizes]
    lines += [
        f"Score {'–' if explanation.score is None else format(explanation.score, '.3f')}",
        "",
        table(("Cap of the size", "Shares"), sizes),
        f"Size{would}: {explanation.quantity} shares, bound by {explanation.binding_cap}",
    ]
    if explanation.verdict is not None:
        lines.append(f"With an empty account: {verdict_text(explanation.verdict)}")
    return "\n".join(lines)


def verdict_text(verdict: Approved | Denied) -> str:
    """Return what the limits of the portfolio say to a signal."""
    match verdict:
        case Approved():
            return f"buy {verdict.quantity:,}"
        case Denied():
            return f"refused ({verdict.code}): {sentence(verdict, decimal)}"


def number(value: float | None) -> str:
    """Return a measured value with four significant digits or more; a dash where there is none."""
    if value is None:
        return "–"
    if value == int(value) or abs(value) >= 100_000:  # noqa: PLR2004 - six digits are enough
        return f"{value:,.0f}"
    return f"{value:,.2f}" if abs(value) >= 100 else f"{value:.4g}"  # noqa: PLR2004 - four digits are there


def price(value: float) -> str:
    """Return an order price with the decimals of its tick."""
    return f"{value:,.2f}" if value >= 1.0 else f"{value:.4f}"


def _candidates(candidates: Sequence[Signal], decision: Decision) -> str:
    verdicts = verdicts_of(decision)
    rows = [
        (
            signal.symbol,
            f"{signal.score:.3f}",
            price(signal.close),
            price(signal.limit_price),
            price(signal.stop_price),
            price(signal.target_price),
            verdict_text(verdicts[signal.symbol]),
        )
        for signal in candidates
    ]
    headers = ("Symbol", "Score", "Close", "Limit", "Stop", "Target", "With an empty account")
    return table(headers, rows, left=frozenset({0, 6}))


def _not_judged(reason: Reason) -> str:
    what = f"{reason.code}: {words(reason.measure)}" if reason.measure else reason.code
    return f"{sentence(reason, decimal)} ({what})"


def _reasons(result: BacktestResult) -> str:
    names = [trade.exit_reason.value for trade in result.trades]
    return ", ".join(f"{name} {names.count(name):,}" for name in sorted(set(names))) or "none"


def _percent(fraction: float | None) -> str:
    return "–" if fraction is None else f"{100 * fraction:.2f} %"


def _ratio(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
