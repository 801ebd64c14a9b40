from __future__ import annotations

import re

from trading.model.metric import Counter, Duration, Gauge


def test_every_name_is_lower_case_and_used_once() -> None:
    names = [*Counter, *Gauge, *Duration]
    assert len({str(name) for name in names}) == len(names)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in names)


def test_name_says_what_kind_it_is() -> None:
    assert all(name.endswith("_total") for name in Counter)
    assert all(name.endswith("_seconds") for name in Duration)
    assert not any(name.endswith("_total") for name in Gauge)
