"""What has to be done now, as a pure function of one moment: cancels, protection, exits, entries, in this order."""

from __future__ import annotations

from datetime import timedelta

from trading.execution.look_again import POLL_S
from trading.execution.planning.cancels import lapse, plan_cancels
from trading.execution.planning.entries import entries_left, forgo_late, plan_entries
from trading.execution.planning.exits import plan_exits, wanted_exits
from trading.execution.planning.plan import Cancel, Plan
from trading.execution.planning.protection import plan_protection
from trading.execution.planning.software_guard import guarded_exits, watched
from trading.execution.planning.state import TradingState
from trading.model.order import OrderType, Role


def obligations(state: TradingState) -> Plan:
    """Return the commands that follow from a moment, whatever was planned before.

    Whether an exit has the say over a position's stops is found out first; what is sent for protection still goes out
    before exits and entries.
    """
    plan = Plan()
    if state.snapshot.orders.value is None:
        # Without the order list nothing can be judged, and nothing is sent. What is too late is so all the same.
        forgo_late(state, plan)
        if state.times.liquid and state.journal.positions:
            plan.again(state.now + timedelta(seconds=POLL_S))
        return plan
    plan_cancels(state, plan)
    guarded = guarded_exits(state, plan)
    conids = {want.position.conid for want in guarded}
    exits = Plan()
    plan_exits(state, (*guarded, *(w for w in wanted_exits(state) if w.position.conid not in conids)), exits)
    plan.leaving |= exits.leaving
    plan_protection(state, plan)
    _join(plan, exits)
    plan_entries(state, plan)
    lapse(state, plan)
    return plan


def quotes_needed(state: TradingState) -> frozenset[int]:
    """Return the contracts whose quotes the plan will look at."""
    wanted = set(watched(state))
    window = state.times.window
    if state.times.liquid:
        wanted |= {want.position.conid for want in wanted_exits(state)}
        wanted |= {
            record.intent.conid
            for record in state.journal.maybe_live
            if record.intent.role is Role.EXIT and record.intent.order_type is OrderType.LIMIT
        }
    if window.before_open(state.now) and not state.guard.observes:
        symbols = {approved.symbol for approved in entries_left(state)}
        wanted |= {state.contracts[symbol].conid for symbol in symbols if symbol in state.contracts}
        wanted |= {record.intent.conid for record in state.journal.planned if record.intent.role is Role.ENTRY}
    return frozenset(wanted)


def _join(plan: Plan, exits: Plan) -> None:
    """Add the exits behind what is sent for protection; cancels of a cover keep their place before their sale."""
    gone = {command.record.coid for command in plan.commands if isinstance(command, Cancel)}
    plan.commands += [c for c in exits.commands if not (isinstance(c, Cancel) and c.record.coid in gone)]
    plan.alarms += exits.alarms
    plan.asked |= exits.asked
    plan.waiting.update(exits.waiting)
    if exits.look_again is not None:
        plan.again(exits.look_again)
