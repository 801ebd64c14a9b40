from __future__ import annotations

from datetime import timedelta

import pytest

from tests.fakes.notices import NOON, notice
from trading.config import GatewaySettings, Settings
from trading.model.notice import MessageKind, Notice, Part
from trading.notices.due import Telling
from trading.notices.wording import heading, message_of, system_name

LATER = NOON + timedelta(hours=1)


def tell(*notices: Notice, part: Part = Part.TOLD) -> list[Telling]:
    return [Telling(each, part) for each in notices]


def test_message_names_in_its_title_what_it_is_about_and_who_speaks() -> None:
    message = message_of(tell(notice(1, urgent=True), notice(2, "login"), notice(3)), "U***4567")
    assert message.title == "Trading (U***4567): uncovered shares, login needed"
    assert message.text.splitlines()[0] == "text 1 (since 2026-03-04 12:00 UTC)"
    assert len(message.text.split("\n\n")) == 3


def test_end_is_told_as_one() -> None:
    message = message_of(tell(notice(1, over=LATER, ended_at=LATER), part=Part.OVER), "simulated")
    assert message.title == "Trading (simulated): uncovered shares is over"
    assert message.text == "Over since 2026-03-04 13:00 UTC: text 1"
    assert message.kind is MessageKind.SUCCESS
    assert message_of(tell(notice(1, ended_at=LATER), part=Part.OVER), "simulated").text == "Over: text 1"


def test_what_was_over_before_it_was_told_says_so() -> None:
    message = message_of(tell(notice(1, over=LATER, ended_at=LATER, urgent=True)), "simulated")
    assert message.text == "text 1 (since 2026-03-04 12:00 UTC; over since 2026-03-04 13:00 UTC)"
    assert message.kind is MessageKind.WARNING


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ((notice(1, urgent=True), notice(2, "summary")), MessageKind.FAILURE),
        ((notice(1, "login"),), MessageKind.WARNING),
        ((notice(1, "summary"),), MessageKind.INFO),
    ],
)
def test_message_is_as_bad_as_the_worst_in_it(told: tuple[Notice, ...], kind: MessageKind) -> None:
    assert message_of(tell(*told), "simulated").kind is kind


def test_of_several_summaries_the_newest_is_told_whole_and_last() -> None:
    days = [notice(n, "summary", text=f"Close of day {n}\nBought: {n}") for n in (1, 2)]
    message = message_of(tell(*days, notice(3)), "simulated")
    assert message.text.split("\n\n")[1:] == ["Close of day 1", "Close of day 2\nBought: 2"]


def test_no_title_and_no_text_is_longer_than_services_take() -> None:
    many = [notice(n, code=f"code_{n}_of_some_length") for n in range(40)]
    assert len(message_of(tell(*many), "simulated").title) == 120
    assert len(message_of(tell(notice(1, text="x" * 9000)), "simulated").text) < 3000


def test_code_without_a_heading_is_told_in_its_own_words() -> None:
    assert heading("shares_missing") == "shares missing"


def test_system_is_named_by_its_masked_account_or_as_simulated() -> None:
    assert system_name(Settings(account_id="U1234567")) == "U***4567"
    assert system_name(Settings()) == "live gateway"
    assert system_name(Settings(gateway=GatewaySettings(kind="simulated"))) == "simulated"
