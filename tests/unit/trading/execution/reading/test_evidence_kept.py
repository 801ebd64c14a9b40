from __future__ import annotations

from tests.fakes.kept_evidence import KeptEvidence
from tests.fakes.trading_states import IN_SESSION
from trading.execution.reading.evidence import kept_under


def test_subjects_under_a_prefix_are_told_apart_from_those_of_others() -> None:
    kept = KeptEvidence()
    for subject in ("told:E-T", "told:E-S", "retold:E-T", "told", "E-T"):
        kept.record(subject, "9", IN_SESSION)
    assert kept_under(kept, "told:") == {"E-T", "E-S"}
    assert kept_under(kept, "spent:") == frozenset()
