from __future__ import annotations

import pytest

from trading.gateway.fields import FieldError
from trading.gateway.questions import is_prompt, is_question, prompt_text, question
from trading.model.outcome import Answer

ANSWER = Answer(200, b"")
ROW: dict[str, object] = {
    "id": "07a13a5a-4a48-44a5-bb25-5ab37b79186c",
    "message": ['The following order "BUY 5 AAPL" price exceeds \nthe Percentage constraint of 3%.'],
    "isSuppressed": False,
    "messageIds": ["o163"],
}


def test_a_question_keeps_its_ids_and_texts() -> None:
    asked = question(ROW, ANSWER)
    assert asked.reply_id == "07a13a5a-4a48-44a5-bb25-5ab37b79186c"
    assert asked.message_ids == ("o163",)
    assert asked.texts == ('The following order "BUY 5 AAPL" price exceeds the Percentage constraint of 3%.',)


def test_a_question_without_message_ids_has_none_that_could_be_allowed() -> None:
    assert question({"id": "a", "message": ["really?"]}, ANSWER).message_ids == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"id": 5},
        {"id": "a b"},
        {"message": []},
        {"message": "text"},
        {"message": [5]},
        {"messageIds": "o163"},
        {"messageIds": [163]},
    ],
)
def test_a_question_that_cannot_be_read_is_an_error(changes: dict[str, object]) -> None:
    with pytest.raises(FieldError):
        question(ROW | changes, ANSWER)


def test_an_account_in_a_text_is_masked() -> None:
    assert question(ROW | {"message": ["Order for DU1234567?"]}, ANSWER).texts == ("Order for DU***4567?",)


def test_a_question_is_told_by_its_keys() -> None:
    assert is_question(ROW)
    assert not is_question({"order_id": "1", "order_status": "Submitted"})


def test_the_prompt_of_an_advanced_rejection_is_told_by_its_keys() -> None:
    prompt = {"orderId": 1, "reqId": "2", "text": "Use the Price Management Algo?", "options": ["Yes"],
              "messageId": "p12", "prompt": True}  # fmt: skip
    assert is_prompt(prompt)
    assert prompt_text(prompt) == "p12: Use the Price Management Algo?"
    assert not is_prompt(ROW)
    assert prompt_text({}) == "prompt: no text"
