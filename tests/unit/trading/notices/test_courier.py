from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.failing_connection import FULL, Disk
from tests.fakes.notices import DOWN, NOON, FakeSender, Office, news
from tests.fakes.raw_server import within
from trading.model.notice import Message, MessageKind, Outcome, Part, Sent
from trading.notices.attempt import LIMIT_S
from trading.notices.courier import END_WITHIN_S
from trading.notices.due import pause_s
from trading.store.database import Database


@pytest.fixture
def sender() -> FakeSender:
    return FakeSender()


@pytest.fixture
def office(tmp_path: Path, sender: FakeSender) -> Office:
    return Office(tmp_path, [sender])


def test_news_are_told_once_while_they_last_over_restarts_too(office: Office, sender: FakeSender) -> None:
    office.news = (news(),)
    office.look(5)
    office.restart()
    office.look(5)
    assert [message.title for message in sender.messages] == ["Trading (simulated): uncovered shares"]
    assert office.outcomes() == [(Outcome.SENT, 1)]


def test_what_is_over_for_long_is_deleted_once_a_day(office: Office, sender: FakeSender) -> None:
    office.news = (news("halt 1", "halted"),)
    office.look(5)
    office.news = ()
    office.look(5)
    office.go(91 * 86_400.0)
    office.news = (news("halt 2", "halted"),)
    office.look(5)
    office.go(86_400.0)
    office.look(5)
    kept = office.database.query("SELECT topic FROM notice")
    assert [row["topic"] for row in kept] == ["halt 2"]
    assert [fields for _, text, fields in office.log.lines if text == "old notices deleted"] == [{"notices": 1}]
    assert len(sender.messages) == 3, "a halt, its end, and another halt"


def test_once_a_day_is_often_enough_to_look_for_what_is_over(office: Office) -> None:
    office.look(2)
    before = office.database.changes
    office.look(20)
    assert office.database.changes == before


def test_news_that_come_together_are_one_message(office: Office, sender: FakeSender) -> None:
    office.news = (news(),)
    office.look(apart_s=1.0)
    office.news = (news(), news("halt 1", "halted"))
    office.look(4)
    assert len(sender.messages) == 1
    assert "text of halt 1" in sender.text


def test_what_is_told_again_is_told_again(office: Office, sender: FakeSender) -> None:
    office.news = (news(),)
    office.look(5)
    office.news = (news(telling=2),)
    office.look(5)
    assert len(sender.messages) == 2


def test_end_is_told_to_who_heard_of_it(office: Office, sender: FakeSender) -> None:
    office.news = (news(),)
    office.look(5)
    office.news = (news(over=NOON + timedelta(seconds=5)),)
    office.look(5)
    office.news = ()
    office.look(5)
    assert [message.kind for message in sender.messages] == [MessageKind.WARNING, MessageKind.SUCCESS]


def test_failure_is_on_record_said_once_and_tried_again(office: Office, sender: FakeSender) -> None:
    office.news = (news(),)
    sender.down = True
    office.look(2)
    assert office.outcomes() == [(Outcome.SENDING, 1)]
    office.look()
    assert office.outcomes() == [(Outcome.FAILED, 1)]
    office.look(40)
    assert office.outcomes()[0][1] > 2
    assert [fields for level, _, fields in office.log.lines if level == "warning"] == [
        {"channel": sender.channel, "reason": DOWN.detail}
    ]
    sender.down = False
    office.go(1000.0)
    office.look(2)
    assert office.outcomes()[0][0] is Outcome.SENT
    assert office.log.lines[-1][1] == "notifications arrive again"


def test_one_address_that_fails_keeps_nothing_from_another(tmp_path: Path) -> None:
    good, bad = FakeSender("json://good"), FakeSender("json://bad")
    bad.error = RuntimeError("s3cret")
    office = Office(tmp_path, [bad, good])
    office.news = (news(),)
    office.look(4)
    assert len(good.messages) == 1
    assert "s3cret" not in str(office.log.lines)


def test_delivery_that_hangs_fails_in_time_and_holds_no_other_up(tmp_path: Path) -> None:
    office = Office(tmp_path, [FakeSender("json://a"), FakeSender("json://b")])
    office.inline = False
    office.news = (news(),)
    office.look(2)
    hanging, quick = office.started
    quick()
    office.look()
    assert office.outcomes() == [(Outcome.SENDING, 1), (Outcome.SENT, 1)]
    office.go(LIMIT_S)
    office.look()
    assert office.outcomes()[0] == (Outcome.FAILED, 1)
    # It arrives after all.
    hanging()
    office.look()
    assert office.outcomes()[0] == (Outcome.SENT, 1)
    assert len(office.started) == 2


def test_deliveries_that_never_end_hold_a_few_threads_and_no_more(office: Office) -> None:
    office.inline = False
    office.news = (news(),)
    for _ in range(40):
        office.look(2)
        office.go(pause_s(10))
    assert len(office.started) == 3


def test_nothing_else_is_sent_while_a_delivery_is_under_way(office: Office) -> None:
    office.inline = False
    office.news = (news(),)
    office.look(2)
    office.news = (news(), news("halt 1", "halted"))
    office.look(2)
    assert len(office.started) == 1


def test_process_that_ends_between_sending_and_recording_tells_twice_and_no_more(
    office: Office, sender: FakeSender
) -> None:
    office.news = (news(),)
    office.look(2)
    assert len(sender.messages) == 1
    office.restart()
    office.look(10)
    office.restart()
    office.look(10)
    assert len(sender.messages) == 2
    assert office.outcomes() == [(Outcome.SENT, 2)]


def test_what_was_so_before_the_first_start_is_told_and_what_was_over_is_old(
    office: Office, sender: FakeSender
) -> None:
    office.go(3 * 86_400.0)
    office.news = (news("alert 1"), news("alert 2", over=NOON + timedelta(hours=1)))
    office.look(4)
    assert "text of alert 1" in sender.text
    assert "text of alert 2" not in sender.text
    assert (Outcome.DROPPED, 1) in office.outcomes()


def test_disk_that_is_full_is_told_from_memory_once_and_sends_nothing_twice(tmp_path: Path) -> None:
    sender, disk = FakeSender(), Disk()
    office = Office(tmp_path, [sender])
    office.database = Database(office.database.path.parent / "other" / "trading.db", connect=disk.connect())
    office.restart()
    office.news = (news(),)
    office.look()
    disk.failure = FULL
    for _ in range(5):
        office.courier.unstored("invariant", "the disk is full")
        office.look(2)
    assert [message.title for message in sender.messages] == ["Trading (simulated): storage"]
    assert "broken invariant: the disk is full" in sender.text
    assert [event for level, event, _ in office.log.lines if level == "error"] == ["notifications held up"]
    disk.failure = None
    office.look(3)
    assert sender.text.count("text of alert 1") == 1
    assert office.outcomes() == [(Outcome.SENT, 1)]


def test_result_that_can_not_be_recorded_is_kept_and_nothing_is_sent_twice(tmp_path: Path) -> None:
    sender, disk = FakeSender(), Disk()
    office = Office(tmp_path, [sender])
    office.database = Database(office.database.path.parent / "other" / "trading.db", connect=disk.connect())
    office.restart()
    office.news = (news(),)
    office.look(2)
    assert len(sender.messages) == 1
    disk.failure = FULL
    office.look(20)
    disk.failure = None
    office.look(20)
    assert len(sender.messages) == 1
    assert office.outcomes() == [(Outcome.SENT, 1)]


def test_defect_in_gathering_is_said_once_and_ends_nothing(office: Office, sender: FakeSender) -> None:
    office.news = (None,)  # type: ignore[assignment]
    office.look(3)
    assert [fields for level, _, fields in office.log.lines if level == "error"] == [
        {"problem": "AttributeError in the courier"}
    ]
    office.news = (news(),)
    office.look(3)
    assert len(sender.messages) == 1


class Hanging(FakeSender):
    """A sender that is not answered before the test is over."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.over = threading.Event(), threading.Event()

    def send(self, message: Message) -> Sent:
        self.begun.set()
        self.over.wait(60.0)
        return super().send(message)


def test_courier_runs_beside_the_block_and_its_end_waits_for_no_delivery(tmp_path: Path) -> None:
    sender = Hanging()
    office = Office(tmp_path, [sender])
    office.start = lambda run: threading.Thread(target=run, daemon=True).start()
    office.news = (news(),)
    office.look()
    with within(5 * END_WITHIN_S):
        with office.courier.running(pause_s=0.001):
            assert sender.begun.wait(5.0)
        assert office.outcomes() == [(Outcome.SENDING, 1)]
    sender.over.set()


STEPS = st.lists(
    st.sampled_from(["begins", "again", "ends", "down", "up", "look", "look", "die", "night"]), max_size=30
)


@given(STEPS)
@settings(max_examples=60)
def test_nothing_is_lost_and_nothing_told_twice_whatever_fails_and_whenever_it_dies(steps: list[str]) -> None:
    with TemporaryDirectory() as folder:
        sender = FakeSender()
        office = Office(Path(folder), [sender])
        lasting: dict[int, int] = {}
        made = deaths = 0
        texts: set[str] = set()
        for step in steps:
            match step:
                case "begins":
                    made += 1
                    lasting[made] = 1
                    texts.add(f"text of alert {made}")
                case "again" if lasting:
                    lasting[max(lasting)] += 1
                case "ends" if lasting:
                    lasting.pop(min(lasting))
                case "down" | "up":
                    sender.down = step == "down"
                case "die":
                    deaths += 1
                    office.restart()
                case "night":
                    office.go(3600.0)
                case _:
                    pass
            over = office.now
            office.news = tuple(
                news(f"alert {n}", telling=lasting.get(n, 1), over=None if n in lasting else over)
                for n in range(1, made + 1)
            )
            office.look()
        sender.down = False
        office.go(1000.0)
        office.look(3)
        office.go(1000.0)
        office.look(12)
        told = [message for message in sender.messages if message.kind is not MessageKind.SUCCESS]
        for text in texts:
            lines = sum(message.text.count(f"{text} (") for message in told)
            # Once, and once more for each time that it was told again or the process died in between.
            assert 1 <= lines <= 1 + steps.count("again") + deaths
        assert {outcome for outcome, _ in office.outcomes()} <= {Outcome.SENT}
        assert {outcome for outcome, _ in office.outcomes(Part.OVER)} <= {Outcome.SENT}
        office.database.close()
