"""How the loop ends: told to stop, or at the end of the simulated data."""

from __future__ import annotations

from datetime import timedelta

from tests.fakes.trading_desk import CLOSE, SESSION
from tests.fakes.trading_room import Room
from trading.model.mode import Mode
from trading.model.operator_request import RequestKind
from trading.model.order import IntentState
from trading.model.status import SessionState, StatusKey
from trading.trading_system import SIGN_OF_LIFE_S


def test_told_to_stop_nothing_is_read_and_nothing_sent(room: Room) -> None:
    room.run_turns(0)
    assert room.turns == 0
    assert room.office.broker.reads == 0


def test_stop_request_leaves_everything_at_the_broker(room: Room) -> None:
    room.run_turns(1)
    live = room.office.broker.live()
    assert live
    room.run_turns(1)
    assert room.office.broker.live() == live
    assert all(record.state is not IntentState.SENDING for record in room.office.journal.intents())


def test_at_the_end_of_the_data_the_last_bar_is_decided_on_and_then_only_people_are_served(room: Room) -> None:
    room.office.clock.time = CLOSE
    room.market_ended = True

    def over() -> bool:
        if len(room.pauses) == 2 and not room.requests.answers:
            room.requests.ask(RequestKind.HALT)
        return len(room.pauses) == 4

    room.over = over
    room.start().run()
    assert room.decided() == [SESSION]
    assert room.office.clock.time == CLOSE + timedelta(seconds=900)
    assert room.office.store.value(StatusKey.SESSION_STATE) == SessionState.ENDED
    told = [fields["state"] for _, event, fields in room.office.log.lines if event == "session"]
    assert told.count("ended") == 1
    assert room.pauses == [SIGN_OF_LIFE_S] * 4
    assert [kind for kind, _ in room.requests.answers] == [RequestKind.HALT]
    assert room.office.store.mode().mode is Mode.HALTED
    assert room.office.metrics.mode is Mode.HALTED
