from __future__ import annotations

from tests.fakes.kept_evidence import KeptEvidence
from tests.fakes.trading_states import IN_SESSION, after
from trading.execution.reading.evidence import drop_under, kept_under


def test_subjects_under_a_prefix_are_told_apart_from_those_of_others() -> None:
    kept = KeptEvidence()
    for subject in ("told:E-T", "told:E-S", "retold:E-T", "told", "E-T"):
        kept.record(subject, "9", IN_SESSION)
    assert kept_under(kept, "told:") == {"E-T", "E-S"}
    assert kept_under(kept, "spent:") == frozenset()


def test_subjects_under_a_prefix_are_forgotten_once_their_newest_evidence_is_old() -> None:
    kept = KeptEvidence()
    for subject, seconds in (("spent:a", 0), ("spent:b", 0), ("spent:b", 60), ("theirs:a", 0)):
        kept.record(subject, "9", after(seconds))
    drop_under(kept, "spent:", IN_SESSION)
    assert kept_under(kept, "spent:") == {"a", "b"}
    drop_under(kept, "spent:", after(1))
    assert kept_under(kept, "spent:") == {"b"}
    assert kept_under(kept, "theirs:") == {"a"}
