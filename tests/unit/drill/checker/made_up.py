"""Made-up runs: a truth log and a journal written line by line, times in seconds after a session's open."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from drill.checker.logs import Act, Booked, Case, Decided, Goal, Halt, Intent, Journal, ModeRow, Step

OPEN = datetime(2014, 3, 3, 14, 30, tzinfo=UTC)
CLOSE_S = 6.5 * 3600.0
CONID, SYMBOL = 265598, "AAPL"
ACCOUNT = "DU1234567"
ORDERS = f"/iserver/account/{ACCOUNT}/orders"
ENTRY, STOP, TARGET = "A", "A-S", "A-T"
ENTRY_ID, STOP_ID, TARGET_ID = 1, 2, 3


def seconds(after_open: float) -> float:
    return OPEN.timestamp() + after_open


def text(after_open: float) -> str:
    return (OPEN + timedelta(seconds=after_open)).isoformat()


@dataclass
class MadeUp:
    """A run in the making; `case` is what the checker gets of it."""

    truth: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    intents: dict[str, Intent] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    wire: list[Act] = field(default_factory=list)
    executions: list[Booked] = field(default_factory=list)
    positions: dict[int, int] = field(default_factory=dict)
    modes: list[ModeRow] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    decisions: list[Decided] = field(default_factory=list)
    halts: list[Halt] = field(default_factory=list)
    filled: dict[int, int] = field(default_factory=dict)

    def case(self, end: float = CLOSE_S + 1800.0) -> Case:
        journal = Journal(
            self.intents,
            self.steps,
            self.wire,
            self.executions,
            self.positions,
            self.modes,
            self.goals,
            self.decisions,
            self.halts,
        )
        events = [*self.events, {"at": text(end), "seq": len(self.truth), "kind": "end"}]
        hours = [(seconds(0.0), seconds(CLOSE_S))]
        return Case(self.truth, journal, events, hours, {SYMBOL: CONID}, ACCOUNT)

    # ---- the broker's side

    def line(self, at: float, kind: str, **facts: object) -> None:
        self.truth.append({"seq": len(self.truth), "at": text(at), "kind": kind, **facts})

    def request(self, at: float, *coids: str, path: str = ORDERS, verb: str = "POST", sha: str = "s") -> None:
        facts = {"coids": list(coids)} if coids else {}
        self.line(at, "request", verb=verb, path=path, sha256=sha, **facts)

    def order(self, at: float, *tickets: dict[str, Any]) -> None:
        self.line(at, "order", tickets=list(tickets))

    def bracket(self, at: float, quantity: int = 10) -> None:
        """An entry with its stop and target, as it is accepted."""
        child = {"side": "SELL", "tif": "GTC", "quantity": quantity, "conid": CONID, "parent_id": ENTRY_ID}
        self.order(
            at,
            ticket(ENTRY_ID, "BUY", "LMT", quantity, coid=ENTRY),
            {"order_id": STOP_ID, "kind": "STP", **child},
            {"order_id": TARGET_ID, "kind": "LMT", **child},
        )

    def fill(
        self, at: float, order_id: int, side: str, quantity: int, name: str | None = None, price: float = 100.0
    ) -> None:
        number = len(self.truth)
        execution = {
            "execution_id": name or f"0000a.b.{number:02x}.01",
            "order_id": order_id,
            "conid": CONID,
            "symbol": SYMBOL,
            "side": side,
            "quantity": quantity,
            "price": price,
        }
        self.line(at, "fill", execution=execution)

    def over(self, at: float, order_id: int, state: str = "cancelled") -> None:
        self.line(at, "status", order_id=order_id, state=state, filled=0)

    # ---- our side

    def intent(self, coid: str, role: str = "entry", **facts: Any) -> None:  # noqa: ANN401
        made = Intent(
            coid=coid,
            parent=None,
            role=role,
            conid=CONID,
            side="BUY" if role == "entry" else "SELL",
            quantity=10,
            state="WORKING",
            order_id=None,
            filled=0,
            frozen=False,
            session="2014-03-03",
            created=seconds(-3000.0),
        )
        self.intents[coid] = replace(made, **facts)

    def step(self, at: float, coid: str, *states: str) -> None:
        self.steps += [Step(coid, state, seconds(at)) for state in states]

    def about(self, at: float, *coids: str, path: str = ORDERS, verb: str = "POST", sha: str = "s") -> None:
        self.wire.append(Act(len(self.wire) + 1, None, coids, verb, path, sha, None, seconds(at)))

    def booked(self, execution_id: str, coid: str, side: str = "BUY", quantity: int = 10, *, old: bool = False) -> None:
        self.executions.append(Booked(execution_id, coid, CONID, side, quantity, old))

    def mode(self, at: float, fact: str, value: str, actor: str = "system") -> None:
        self.modes.append(ModeRow(fact, value, "a reason", actor, seconds(at)))

    # ---- the drill's side

    def turn(self, *times: float, good: bool = True, lasted: float = 0.0, stretched: bool = False) -> None:
        for at in times:
            self.event(at, "turn", good=good, began=text(at - lasted), stretched=stretched)

    def event(self, at: float, kind: str, **facts: object) -> None:
        self.events.append({"at": text(at), "seq": len(self.truth), "kind": kind, **facts})


def ticket(order_id: int, side: str, kind: str, quantity: int, **facts: object) -> dict[str, Any]:
    made = {"order_id": order_id, "conid": CONID, "side": side, "kind": kind, "quantity": quantity, "tif": "DAY"}
    return {**made, **facts}


def bought(quantity: int = 10) -> MadeUp:
    """A run in which an entry was sent before the open, with stop and target, and filled at 100 s, seen and counted."""
    run = MadeUp()
    for coid, role, order_id in ((ENTRY, "entry", ENTRY_ID), (STOP, "stop", STOP_ID), (TARGET, "target", TARGET_ID)):
        run.intent(coid, role, order_id=order_id, quantity=quantity)
    run.intents[ENTRY] = replace(run.intents[ENTRY], state="FILLED", filled=quantity)
    run.event(-3600.0, "start")
    run.about(-3000.0, ENTRY, STOP, TARGET)
    run.request(-3000.0, ENTRY)
    run.bracket(-3000.0, quantity)
    run.fill(100.0, ENTRY_ID, "BUY", quantity, "0000a.b.01.01")
    run.over(100.0, ENTRY_ID, "filled")
    run.booked("0000a.b.01.01", ENTRY, quantity=quantity)
    run.positions[CONID] = quantity
    run.mode(-3600.0, "reconciled", "1")
    run.turn(100.0)
    return run
