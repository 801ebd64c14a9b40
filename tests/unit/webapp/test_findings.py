from __future__ import annotations

from dataclasses import replace

from tests.unit.webapp.desk import WORDS, decision
from trading.model.decision import Reason
from trading.model.strategy_words import StrategyWords
from webapp.findings import CheckFinding, findings, rules, why_not

VERDICT = decision().verdicts[4]


def test_each_check_says_what_it_found_in_the_words_of_its_strategy() -> None:
    assert findings(VERDICT, WORDS) == (
        CheckFinding("trend", "Rising", "It rises: 4.20 over 3.90.", passed=True),
        CheckFinding("dip", "Dipped", "It dipped 0.42; 1.00 are asked.", passed=False),
        CheckFinding("price", "Price", "Close, 4.20 USD, is less than 5.00 USD.", passed=False),
    )
    assert findings(replace(VERDICT, failed=None), WORDS) == ()


def test_the_first_failed_check_speaks_for_its_rule() -> None:
    both = replace(WORDS, checks=(WORDS.checks[1], replace(WORDS.checks[2], code="dip")))
    assert why_not(replace(VERDICT, failed=(0, 1)), both) == ("It dipped 0.42; 1.00 are asked.",)


def test_what_no_check_decided_is_said_by_its_code() -> None:
    untraded = replace(VERDICT, reasons=(Reason("no_bar", None, None),), failed=None)
    assert why_not(untraded, WORDS) == ("It has no bar in this session.",)


def test_rules_are_those_of_the_strategy_and_then_what_else_is_named() -> None:
    reasons = (Reason("dip", None, None), Reason("odd_thing", None, None))
    assert rules(WORDS, reasons) == {"trend": "Rising", "dip": "Dipped", "price": "Price", "odd_thing": "Odd thing"}
    assert rules(StrategyWords(), reasons) == {"dip": "Dip", "odd_thing": "Odd thing"}
