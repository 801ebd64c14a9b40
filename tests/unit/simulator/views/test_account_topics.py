from __future__ import annotations

import pytest

from simulator.views.account_topics import AccountTopic, ledger_topic_row, summary_key, summary_topic_rows


@pytest.mark.parametrize(
    ("over_rest", "streamed"),
    [
        ("netliquidation", "NetLiquidation"),
        ("netliquidation-s", "NetLiquidation-S"),
        ("sma", "SMA"),
        ("regtequity", "RegTEquity"),
        ("somethingnew-c", "somethingnew-C"),
    ],
)
def test_names_are_spelled_as_tws_spells_them(over_rest: str, streamed: str) -> None:
    assert summary_key(over_rest) == streamed


def test_an_amount_and_a_text_have_fields_of_their_own_and_seconds() -> None:
    amount = {"amount": 5.0, "currency": "USD", "timestamp": 1_700_000_000_999, "value": None, "severity": 0}
    text = {"amount": 0.0, "currency": None, "timestamp": 1_700_000_000_999, "value": "true", "severity": 0}
    assert summary_topic_rows({"buyingpower": amount, "accountready": text}) == [
        {"key": "BuyingPower", "timestamp": 1_700_000_000, "currency": "USD", "monetaryValue": 5.0, "severity": 0},
        {"key": "AccountReady", "timestamp": 1_700_000_000, "value": "true", "severity": 0},
    ]


def test_ledger_row_has_the_stream_names() -> None:
    row = ledger_topic_row({"acctcode": "U1", "settledcash": 1.0, "secondkey": "USD", "timestamp": 7, "endofbundle": 1})
    assert row == {
        "acctCode": "U1",
        "settledCash": 1.0,
        "secondKey": "USD",
        "key": "LedgerListUSD",
        "timestamp": 7,
        "marketValue": 0.0,
    }


def test_unchanged_rows_shrink_and_changed_ones_come_whole() -> None:
    topic = AccountTopic.asked({})
    rows: list[dict[str, object]] = [{"key": "A", "timestamp": 1, "value": 1}, {"key": "B", "timestamp": 1, "value": 2}]
    assert topic.news(rows) == rows
    later: list[dict[str, object]] = [
        {"key": "A", "timestamp": 2, "value": 1},
        {"key": "B", "timestamp": 2, "value": 3},
    ]
    assert topic.news(later) == [{"key": "A", "timestamp": 2}, later[1]]
