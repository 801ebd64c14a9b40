"""How the loop ends: told to stop, or at the end of the simulated data."""

from __future__ import annotations

from datetime import timedelta

from tests.fakes.trading_context import CLOSE, SESSION
from tests.fakes.trading_loop import LoopParts
from trading.model.mode import Mode
from trading.model.operator_request import OperatorVerb
from trading.model.order import IntentState
from trading.model.status import SessionState, StatusKey
from trading.trading_system import IDLE_S


def test_told_to_stop_nothing_is_read_and_nothing_sent(loop: LoopParts) -> None:
    loop.run_turns(0)
    assert loop.turns == 0
    assert loop.broker.reads == 0


def test_stop_request_leaves_everything_at_the_broker(loop: LoopParts) -> None:
    loop.run_turns(1)
    live = loop.broker.live()
    assert live
    loop.run_turns(1)
    assert loop.broker.live() == live
    assert all(record.state is not IntentState.SENDING for record in loop.journal.intents())


def test_at_the_end_of_the_data_the_last_bar_is_decided_on_and_then_only_people_are_served(loop: LoopParts) -> None:
    loop.clock.time = CLOSE
    loop.market_ended = True

    def over() -> bool:
        if len(loop.pauses) == 2 and not loop.requests.answers:
            loop.requests.ask(OperatorVerb.HALT)
        return len(loop.pauses) == 4

    loop.over = over
    loop.start().run()
    assert loop.decided() == [SESSION]
    assert loop.clock.time == CLOSE + timedelta(seconds=900)
    assert loop.store.value(StatusKey.SESSION_STATE) == SessionState.ENDED
    told = [fields["state"] for _, event, fields in loop.log.lines if event == "session"]
    assert told.count("ended") == 1
    assert loop.pauses == [IDLE_S] * 4
    assert [kind for kind, _ in loop.requests.answers] == [OperatorVerb.HALT]
    assert loop.store.mode().mode is Mode.HALTED
    assert loop.metrics.mode is Mode.HALTED
