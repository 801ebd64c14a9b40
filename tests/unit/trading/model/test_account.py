"""A session is usable only when it is there, connected and nobody else fights for it."""

from __future__ import annotations

import itertools

from trading.model.account import SessionStatus


def test_a_session_is_usable_in_exactly_one_of_the_eight_combinations() -> None:
    usable = [
        (authenticated, connected, competing)
        for authenticated, connected, competing in itertools.product((True, False), repeat=3)
        if SessionStatus(authenticated, connected, competing, established=True, message="").usable
    ]
    assert usable == [(True, True, False)]
