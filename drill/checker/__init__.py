"""Judges a run: the simulator's truth log against the journal of the trading system. Imports nothing of either."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from drill.checker import accounts, commands, cover, decisions, exposure, life, limits, money, pacing, wire
from drill.checker.journal import read_journal
from drill.checker.logs import Case, Violation, case_of, parse_lines

Invariant = Callable[[Case], Iterator[Violation]]

INVARIANTS: Mapping[str, Invariant] = {
    "I1": wire.i1_written_before_it_is_sent,
    "I2": wire.i2_accepted_once,
    "I3": wire.i3_no_more_than_ordered,
    "I4": wire.i4_sent_once,
    "I5": accounts.i5_all_fills_are_counted,
    "I6": accounts.i6_nothing_is_invented,
    "I7": accounts.i7_counted_once,
    "I8": accounts.i8_positions_are_true,
    "I9": cover.i9_shares_are_covered,
    "I10": exposure.i10_never_short,
    "I11": exposure.i11_hands_off,
    "I12": limits.i12_within_the_limits,
    "I13": exposure.i13_nothing_is_bought_in_a_halt,
    "I13 cancels": commands.entries_are_cancelled_in_a_halt,
    "I14": wire.i14_right_account,
    "I15": life.i15_its_cover_is_over,
    "I16": exposure.i16_one_order_an_intent,
    "I17": life.i17_edges,
    "I18": wire.i18_questions,
    "I20 flatten": commands.flatten_sells,
    "I20": life.i20_all_is_well_again,
    "I21": pacing.i21_within_the_limits,
    "I22": wire.i22_in_its_window,
    "I26": life.i26_every_state_boots,
    "I27": money.i27_flows_latch_nothing,
    "I28": decisions.i28_entries_are_answered,
}
"""every invariant that can be judged from the two files; docs/drill.md says why the others can't"""


AT_REST = frozenset({"I5", "I8", "I20"})
"""what has to hold once everything has settled, and can't be judged of a run that was cut short"""


def judge(case: Case) -> list[Violation]:
    """Return every violation, the earliest first."""
    cut = bool(case.happened("cut"))
    judged = [invariant for name, invariant in INVARIANTS.items() if not (cut and name in AT_REST)]
    found = [violation for invariant in judged for violation in invariant(case)]
    return sorted(found, key=lambda violation: (violation.at, violation.invariant, violation.subject))


def read_case(truth: Path, journal: Path, events: Path) -> Case:
    """Return the case of a run's three files.

    Raises:
        OSError, sqlite3.Error, ValueError: one of them can't be read.
    """
    return case_of(parse_lines(truth.read_bytes()), read_journal(journal), parse_lines(events.read_bytes()))
