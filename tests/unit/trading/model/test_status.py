from __future__ import annotations

import pytest

from trading.model.status import SessionState, StatusKey, kept_count
from trading.monitoring.verdicts import SESSION_WORDS
from trading.store.records import RESERVED_FACTS


@pytest.mark.parametrize("state", SessionState)
def test_dashboard_knows_every_word_for_the_session(state: SessionState) -> None:
    assert state.value in {str(word) for word in SESSION_WORDS}


def test_no_key_is_one_that_the_file_needs() -> None:
    assert not {key.value for key in StatusKey} & RESERVED_FACTS


@pytest.mark.parametrize(("text", "count"), [("7", 7), ("0", 0), ("", 0), (None, 0), ("-3", 0), ("²", 0), ("x", 0)])
def test_kept_number_that_makes_no_sense_is_none(text: str | None, count: int) -> None:
    assert kept_count(text) == count
