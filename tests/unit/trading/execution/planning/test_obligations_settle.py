"""Plans lead somewhere: a broker that does what it is asked comes to an end with them, and all shares are covered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tests.fakes.random_states import random_state
from tests.fakes.trading_states import EPOCH, shows
from trading.execution.look_again import POLL_S
from trading.execution.planning.obligations import obligations
from trading.execution.planning.order_factory import modified, with_names
from trading.execution.planning.plan import Adopt, Cancel, Forgo, Modify, Plan, PlannedCommand, Prepare, Refuse, Submit
from trading.execution.planning.protection import covers
from trading.execution.planning.state import TradingState
from trading.execution.planning.waits import refusal_of
from trading.execution.reading.snapshot import Reading
from trading.model.command import CommandDraft, CommandRecord, CommandState, Step
from trading.model.order import BrokerOrder, IntentState, OrderIntent, OrderList
from trading.model.record import IntentRecord, OwnPosition
from trading.model.request import RequestKind

SEEDS = range(600)
TURNS = 24


@dataclass
class Obedient:
    """A journal and a broker that do what a plan says, whole and at once; nothing is executed."""

    records: dict[str, IntentRecord]
    rows: dict[int, BrokerOrder]
    positions: dict[int, OwnPosition]
    commands: list[CommandRecord]
    refused: set[str] = field(default_factory=set)
    made: int = 1000

    def carry_out(self, command: PlannedCommand, now: datetime) -> None:
        match command:
            case Cancel(record=record, step=step):
                self._asked(CommandDraft(RequestKind.CANCEL, (record.coid,), step, record.order_id), now)
                self._cancel(record)
            case Modify(record=record, quantity=quantity, price=price):
                self._modify(record, quantity, price, now)
            case Prepare(drafts=drafts):
                self._plan(drafts)
            case Submit(group=group):
                for intent in self._plan(group):
                    self.made += 1
                    sent = IntentRecord(
                        intent, IntentState.WORKING, self.made, seen_epoch=EPOCH, epoch=EPOCH, sent_at=now
                    )
                    self.records[intent.coid] = sent
                    self.rows[self.made] = shows(sent)
            case Refuse(group=group, denied=denied):
                for intent in self._plan(group):
                    self.records[intent.coid] = IntentRecord(intent, IntentState.DENIED, detail=denied.code)
            case Forgo(decided=decided, denied=denied):
                self.refused.add(refusal_of(decided, denied.symbol))
            case Adopt(conid=conid, stop_price=stop, target_price=target):
                self.positions[conid] = replace(self.positions[conid], stop_price=stop, target_price=target)

    def settle(self, numbers: Sequence[int], state: CommandState) -> None:
        self.commands = [replace(c, state=state) if c.number in numbers else c for c in self.commands]

    def _plan(self, group: tuple[OrderIntent, ...]) -> tuple[OrderIntent, ...]:
        if group[0].coid:
            return group
        named = tuple(with_names(group, self._name))
        for intent in named:
            self.records[intent.coid] = IntentRecord(intent, IntentState.PLANNED)
        return named

    def _name(self) -> str:
        self.made += 1
        return f"N{self.made}"

    def _cancel(self, record: IntentRecord) -> None:
        family = [record, *(r for r in self.records.values() if r.intent.parent_coid == record.coid and not r.filled)]
        for each in family if not record.filled else [record]:
            if each.maybe_live:
                self.records[each.coid] = replace(each, state=IntentState.CANCELLED)
                self.rows.pop(each.order_id or 0, None)

    def _modify(self, record: IntentRecord, quantity: int, price: float, now: datetime) -> None:
        ticket = modified(record, quantity, price)
        row = self.rows[record.order_id or 0]
        self.rows[row.order_id] = replace(
            row,
            total_quantity=float(quantity),
            remaining_quantity=float(quantity - record.filled),
            limit_price=ticket.limit_price,
            stop_price=ticket.stop_price,
        )
        draft = CommandDraft(
            RequestKind.MODIFY,
            (record.coid,),
            Step.RESIZE,
            row.order_id,
            quantity,
            ticket.limit_price,
            ticket.stop_price,
        )
        self._asked(draft, now)

    def _asked(self, draft: CommandDraft, now: datetime) -> None:
        number = max((command.number for command in self.commands), default=0) + 1
        self.commands.append(CommandRecord(number, draft, CommandState.ACKED, EPOCH, now))


def follow(state: TradingState) -> tuple[TradingState, list[Plan]]:
    """Return what became of a state after some turns, and the plans of those turns."""
    listed = state.snapshot.orders.value
    world = Obedient(
        dict(state.journal.by_coid),
        {row.order_id: row for row in listed.orders} if listed is not None else {},
        {position.conid: position for position in state.journal.positions},
        list(state.journal.commands),
    )
    plans: list[Plan] = []
    for _ in range(TURNS):
        plan = obligations(state)
        plans.append(plan)
        for command in plan.commands:
            world.carry_out(command, state.now)
        world.settle(plan.confirmed, CommandState.CONFIRMED)
        world.settle(plan.refused, CommandState.REFUSED)
        world.settle(plan.lapsed, CommandState.LAPSED)
        now = state.now + timedelta(seconds=POLL_S)
        state = replace(
            state,
            now=now,
            snapshot=replace(state.snapshot, began=now, orders=Reading(OrderList(tuple(world.rows.values())), now)),
            journal=replace(
                state.journal,
                records=tuple(world.records.values()),
                positions=tuple(world.positions.values()),
                commands=tuple(world.commands),
            ),
            sightings={**state.sightings, **dict.fromkeys(world.refused, ())},
        )
    return state, plans


def test_plans_come_to_an_end_and_leave_no_share_bare() -> None:
    restless, bare = [], []
    for seed in SEEDS:
        start = random_state(seed, odd=0.0)
        state, plans = follow(start)
        if any(plan.commands for plan in plans[-3:]):
            restless.append(seed)
        if any(cover.uncovered and not cover.exiting and not cover.unproven for cover in covers(state)):
            bare.append(seed)
    assert (restless, bare) == ([], [])
