"""A person decides about orders that the records don't know, after a backup was restored: adopted, or left alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from simulator.exchange.orders import Side
from tests.scenarios.desk import Desk, desk_in
from tests.scenarios.lockstep_run import Row
from trading.model.order import Role

STRANGE = "TS-zzzz-0001-aaaaaa"


@pytest.fixture
def desk(
    tmp_path: Path, bundled_bars: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Desk]:
    with desk_in(tmp_path, bundled_bars, monkeypatch, capsys, settings=()) as made:
        yield made


def recorded(desk: Desk) -> list[Row]:
    columns = "role, symbol, conid, side, order_type, tif, quantity, limit_price, stop_price, order_id, state"
    return desk.rows(f"SELECT coid, parent_coid, {columns} FROM intent ORDER BY coid")  # noqa: S608 - our own words


def restored(desk: Desk) -> list[Row]:
    """Restore the backup of the evening before the first orders left; return what was on record of those."""
    desk.go_on_until(lambda: bool(desk.rows("SELECT 1 FROM decision")))
    copy = desk.back_up()
    desk.go_on_until(lambda: bool(desk.orders(Role.ENTRY, "WORKING")))
    sent = recorded(desk)
    desk.restore(copy)
    desk.cycle()
    assert sent != recorded(desk) == []
    return sent


def entries_of(sent: Sequence[Row]) -> list[str]:
    return [row["coid"] for row in sent if row["role"] == Role.ENTRY]


def halts_for(desk: Desk) -> list[str]:
    """Return what it is halted for."""
    sql = "SELECT facts FROM halt WHERE acknowledged_at IS NULL AND over_at IS NULL ORDER BY facts"
    return [row["facts"] for row in desk.rows(sql)]


def held(desk: Desk) -> dict[str, int]:
    """Return the shares that the broker has of each symbol."""
    broker = desk.simulator.broker
    shares = {symbol: broker.account.held(each.conid) for symbol, each in broker.contracts.by_symbol.items()}
    return {symbol: count for symbol, count in shares.items() if count}


def own(desk: Desk) -> dict[str, int]:
    return {row["symbol"]: row["quantity"] for row in desk.rows("SELECT symbol, quantity FROM position")}


def held_by(desk: Desk, sent: Sequence[Row]) -> dict[str, int]:
    """Return the shares that orders have bought and not sold again."""
    ids, shares = {row["order_id"] for row in sent}, Counter[str]()
    for order in desk.simulator.broker.exchange.book.orders.values():
        if order.order_id in ids:
            shares[order.symbol] += order.filled if order.ticket.side is Side.BUY else -order.filled
    return {symbol: count for symbol, count in shares.items() if count}


def about(desk: Desk, sent: Sequence[Row]) -> list[str]:
    """Return what the process that runs now has asked for about these orders by their ids."""
    paths = [row["path"] for row in desk.rows("SELECT path FROM wire WHERE verb <> 'GET'")]
    return [path for path in paths for row in sent if str(row["order_id"]) in path]


def test_order_of_after_a_backup_that_is_adopted_is_traded_on_and_those_that_are_ignored_are_left_alone(
    desk: Desk,
) -> None:
    sent = restored(desk)
    *others, name = entries_of(sent)
    theirs = [row for row in sent if name not in {row["coid"], row["parent_coid"]}]
    ours = [row for row in sent if row not in theirs]
    symbol, quantity = ours[0]["symbol"], ours[0]["quantity"]
    code, said = desk.shown()
    assert (code, all(f"--adopt {each} or --ignore {each}" in said for each in (*others, name))) == (1, True)
    for left, other in enumerate(others, 1):
        assert desk.decide("--ignore", other) == f"{other} is left alone; it halts no more"
        assert halts_for(desk) == [*others[left:], name]
    assert desk.decide("--adopt", name) == f"{name} is an order of this system from now on"
    assert halts_for(desk) == []
    # What was decided on before is refused where others have an order, and is not sent beside the adopted one.
    assert [row for row in recorded(desk) if row["state"] != "DENIED"] == ours
    desk.restart()
    desk.go_on_until(lambda: symbol in own(desk))
    assert own(desk) == {symbol: quantity}
    assert held(desk) == held_by(desk, sent)
    assert len(held(desk)) > 1
    # What they bought is foreign, and has its stops and targets at the broker all the same.
    code, said = desk.shown()
    assert (code, said.count("shares, own are 0")) == (1, len(held(desk)) - 1)
    assert (halts_for(desk), about(desk, theirs)) == ([], [])
    desk.go_on_until(lambda: symbol not in own(desk))
    (trade,) = [trade for trade in desk.trades() if trade[0] == symbol]
    assert trade[1] == quantity
    assert held_by(desk, ours) == {}
    assert own(desk) == Counter(held(desk)) - Counter(held_by(desk, theirs))
    assert not own(desk).keys() & held_by(desk, theirs).keys()
    assert (halts_for(desk), about(desk, theirs)) == ([], [])


def test_order_that_is_adopted_while_another_one_halts_is_cancelled_as_any_entry_is(desk: Desk) -> None:
    sent = restored(desk)
    first, *others = entries_of(sent)
    assert desk.decide("--adopt", first) == f"{first} is an order of this system from now on"
    assert halts_for(desk) == others
    assert [row["coid"] for row in recorded(desk)] == [first, f"{first}-S", f"{first}-T"]
    assert {row["state"] for row in recorded(desk)} == {"CANCELLED"}
    live = {order.ticket.coid for order in desk.simulator.broker.exchange.book.live.values()}
    assert live >= set(others)
    assert first not in live


def test_order_under_a_name_like_ours_that_has_no_stop_is_not_adopted_and_can_be_ignored(desk: Desk) -> None:
    desk.go_on_until(lambda: bool(desk.orders(Role.ENTRY, "WORKING")))
    symbol = desk.simulator.broker.market.panel.symbols[-1]
    order = {"do": "order", "symbol": symbol, "side": "BUY", "order_type": "LMT", "quantity": 1, "price": 1.0}
    body = msgspec.json.encode({**order, "coid": STRANGE})
    assert desk.simulator.handle("POST", "/sim/account", "", body).status == 200
    desk.cycle()
    assert halts_for(desk) == [STRANGE]
    assert desk.orders(Role.ENTRY, "WORKING") == []
    why = "buys without a stop and a target: cancel it at the broker, or ignore it"
    assert desk.decide("--adopt", STRANGE) == f"refused: {STRANGE} {why}"
    assert halts_for(desk) == [STRANGE]
    assert desk.decide("--ignore", STRANGE) == f"{STRANGE} is left alone; it halts no more"
    assert halts_for(desk) == []
    assert (
        desk.decide("--adopt", "TS-none") == "refused: TS-none is no orphan that is live; `reconcile` shows the names"
    )
    desk.go_on_until(lambda: bool(own(desk)))
    assert symbol not in own(desk)
    assert STRANGE in [order.ticket.coid for order in desk.simulator.broker.exchange.book.live.values()]
