from __future__ import annotations

from dataclasses import replace

from tests.fakes.decisions import decision
from tests.fakes.notices import NOON
from trading.model.decision import Approved, ExitOrder, ExitReason
from trading.model.session_result import Dealt, Held, SessionResult
from trading.notices.summary import summary

DECISION = replace(
    decision(),
    entries=(Approved("MSFT", 5, 100.0, 95.0, 110.0, 1.0, "risk"),),
    exits=(ExitOrder("XOM", 10, ExitReason.STOP),),
)
RESULT = SessionResult(
    session=DECISION.session,
    decided_at=NOON,
    equity=10_100.0,
    profit=100.0,
    drawdown=0.0123,
    dealt=(Dealt("AAPL", "BUY", "entry", 10, 100.014), Dealt("IBM", "SELL", "target", 7, 55.5)),
    held=(Held("AAPL", 10, 10), Held("XOM", 10, 4)),
    standing=(("stop", 2), ("target", 1)),
    denials=(("max_positions", 3),),
    decision=DECISION,
)


def test_all_of_a_session_is_told() -> None:
    news = summary(RESULT)
    assert news.topic == f"summary {DECISION.session}"
    lines = news.text.splitlines()
    assert lines[0] == (
        f"Close of {DECISION.session}: equity 10,100.00 USD, +100.00 USD on the day (+1.00%); drawdown 1.23%"
    )
    assert lines[1:6] == [
        "Bought: 10 AAPL at 100.01",
        "Sold: 7 IBM at 55.50 (target)",
        "Positions: 10 AAPL, 10 XOM (ONLY 4 COVERED)",
        f"For the next session: sell 10 XOM ({lines[4].partition('(')[2].partition(')')[0]}), buy 5 MSFT up to 100.00",
        "Orders at the broker: 2 stops, 1 targets",
    ]
    assert lines[6].startswith("Refused by own limits: ")
    assert lines[6].endswith(" 3")


def test_session_on_which_nothing_happened_says_so() -> None:
    quiet = replace(RESULT, dealt=(), held=(), standing=(), denials=(), profit=None, decision=decision())
    text = summary(quiet).text
    assert "no session before it to compare with" in text
    assert "Bought: nothing\nSold: nothing\nPositions: nothing\n" in text


def test_shares_that_are_all_covered_are_said_to_be() -> None:
    assert "Positions: 10 AAPL (all covered by stops)" in summary(replace(RESULT, held=(Held("AAPL", 10, 10),))).text


def test_long_list_is_cut_with_a_count() -> None:
    held = tuple(Held(f"S{n}", 1, 1) for n in range(20))
    assert ", and 8 more" in summary(replace(RESULT, held=held)).text


def test_account_that_was_worth_nothing_has_no_share_of_it() -> None:
    assert "+100.00 USD on the day;" in summary(replace(RESULT, equity=100.0)).text
