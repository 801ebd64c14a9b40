"""What was decided: no entry is forgotten. I28 of the invariants."""

from __future__ import annotations

from collections.abc import Iterator

from drill.checker.logs import FAR, Case, Violation
from drill.checker.looks import looks_of

KNOWN_FOR_S = 6 * 86_400.0
"""after so long nobody has to know any more what became of an entry"""


def i28_entries_are_answered(case: Case) -> Iterator[Violation]:
    """Each entry of a decision is an order, or it is on record why it is none, once its window is over.

    That is at the first clear look after the open, where there was one within six days.
    """
    looks = looks_of(case)
    for decided in case.journal.decisions:
        opens = next((opened for opened, _ in case.hours if opened > decided.at), FAR)
        due = looks.first_clear(opens)
        if due >= min(case.end, decided.at + KNOWN_FOR_S):
            continue
        for symbol in sorted(set(decided.entries) - decided.answered):
            sentence = f"the entry decided on {decided.session} was neither ordered nor refused"
            yield Violation("I28", due, symbol, sentence)
