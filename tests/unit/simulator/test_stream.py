from __future__ import annotations

import json

import msgspec
import pytest

from simulator.clock import RunningClock
from simulator.stream import Stream, claimed_session
from tests.unit.simulator.support import ACCOUNT, QUIET, Client, Json, Row, start

FLAT: Row = (100.0, 110.0, 90.0, 105.0, 1000.0)


def open_stream(client: Client) -> Stream:
    stream = Stream(client.broker, 0.0)
    stream.greet()
    return stream


def one(messages: list[Json]) -> Json:
    [message] = messages
    return message


def test_client_is_greeted_in_order() -> None:
    client = start({"ABC": [FLAT]})
    assert [message["topic"] for message in Stream(client.broker, 0.0).greet()] == ["system", "act", "sts"]


def test_client_waits_for_a_login_and_is_greeted_after_it() -> None:
    client = start({"ABC": [FLAT]})
    client.post("/logout")
    stream = Stream(client.broker, 0.0)
    assert stream.greet() == [{"message": "waiting for session"}]
    client.call("POST", "/sim/account", {"do": "login"})
    assert [message.get("topic") for message in stream.poll(1.0)] == ["system", "act", "sts"]


def test_orders_come_whole_and_then_by_their_changes() -> None:
    client = start({"ABC": [FLAT, FLAT]})
    client.order(client.conid("ABC"), "BUY", "LMT", 10, price=95.0)
    stream = open_stream(client)
    [row] = one(stream.receive("sor+{}", 0.0))["args"]
    assert (row["price"], row["status"]) == (95.0, "Submitted")
    client.advance("close")
    [change] = one(stream.poll(0.1))["args"]
    assert change["status"] == "Filled"
    assert "conid" not in change
    assert stream.poll(0.2) == []


def test_trades_come_as_they_happen() -> None:
    client = start({"ABC": [FLAT]})
    stream = open_stream(client)
    assert one(stream.receive('str+{"realtimeUpdatesOnly":true}', 0.0))["args"] == []
    client.order(client.conid("ABC"), "BUY", "MKT", 10)
    [trade] = one(stream.poll(0.1))["args"]
    assert trade["conid"] == trade["conidex"] == str(client.conid("ABC"))


def test_quotes_tell_what_changed() -> None:
    client = start({"ABC": [FLAT]})
    stream = open_stream(client)
    first = one(stream.receive(f'smd+{client.conid("ABC")}+{{"fields":["31","55"]}}', 0.0))
    assert (first["31"], first["55"]) == ("100.00", "ABC")
    client.advance("2014-03-03T16:40:00Z")
    change = one(stream.poll(1.0))
    assert change["31"] == "90.00"
    assert "55" not in change
    stream.receive(f"umd+{client.conid('ABC')}+{{}}", 1.0)
    client.advance("close")
    assert stream.poll(2.0) == []


def test_quotes_end_after_a_quarter_of_an_hour() -> None:
    client = start({"ABC": [FLAT]})
    stream = open_stream(client)
    stream.receive(f'smd+{client.conid("ABC")}+{{"fields":["31"]}}', 0.0)
    stream.poll(901.0)
    client.advance("close")
    assert [message for message in stream.poll(902.0) if str(message.get("topic")).startswith("smd")] == []


def test_profit_and_loss_comes_as_it_changes() -> None:
    client = start({"ABC": [FLAT]})
    stream = open_stream(client)
    assert one(stream.receive("spl+{}", 0.0))["args"][f"{ACCOUNT}.Core"]["nl"] == 100_000.0


def test_summary_is_told_with_the_names_of_tws_and_the_account_in_every_news() -> None:
    client = start({"ABC": [FLAT, FLAT]})
    stream = open_stream(client)
    first = one(stream.receive(f"ssd+{ACCOUNT}+{{}}", 0.0))
    rows = {row["key"]: row for row in first["result"]}
    assert first["topic"] == f"ssd+{ACCOUNT}"
    assert rows["AccountCode"]["value"] == ACCOUNT
    assert (rows["NetLiquidation-S"]["monetaryValue"], rows["NetLiquidation-S"]["currency"]) == (100_000.0, "USD")
    client.order(client.conid("ABC"), "BUY", "MKT", 10)
    news = next(message for message in stream.poll(10.0) if message["topic"].startswith("ssd"))["result"]
    later = {row["key"]: row for row in news}
    assert later["TotalCashValue"]["monetaryValue"] < 100_000.0
    assert later["AccountCode"]["value"] == ACCOUNT
    assert set(later["Billable"]) == {"key", "timestamp"}


def test_summary_is_told_for_the_keys_and_fields_that_are_asked_for() -> None:
    stream = open_stream(start({"ABC": [FLAT]}))
    wish = f'ssd+{ACCOUNT}+{{"keys":["NetLiquidation"],"fields":["monetaryValue"]}}'
    [row] = one(stream.receive(wish, 0.0))["result"]
    assert set(row) == {"key", "monetaryValue", "timestamp"}
    assert (row["key"], row["monetaryValue"]) == ("NetLiquidation", 100_000.0)


def test_ledger_is_told_by_currency_until_it_is_not_wanted_any_more() -> None:
    stream = open_stream(start({"ABC": [FLAT]}))
    first = one(stream.receive(f"sld+{ACCOUNT}+{{}}", 0.0))["result"]
    assert [(row["key"], row["acctCode"], row["netLiquidationValue"]) for row in first] == [
        ("LedgerListUSD", ACCOUNT, 100_000.0),
        ("LedgerListBASE", ACCOUNT, 100_000.0),
    ]
    [_, second] = stream.poll(10.0)
    assert [set(row) for row in second["result"]] == [{"key", "timestamp"}] * 2
    assert stream.receive(f"uld+{ACCOUNT}", 11.0) == [{"result": "unsubscribed from ledger"}]
    assert stream.receive(f"usd+{ACCOUNT}+{{}}", 11.0) == [{"result": "unsubscribed from summary"}]
    assert [message["topic"] for message in stream.poll(20.0)] == ["system"]


def test_account_topics_are_for_the_own_account() -> None:
    stream = open_stream(start({"ABC": [FLAT]}))
    assert "error" in one(stream.receive("ssd+U9999999+{}", 0.0))


def test_heartbeat_comes_every_ten_seconds_with_the_time_of_day() -> None:
    client = start({"ABC": [FLAT]})
    client.broker.clock = RunningClock(0.0, wall=lambda: 1_700_000_000.25)
    stream = open_stream(client)
    assert stream.poll(9.9) == []
    assert stream.poll(10.0) == [{"topic": "system", "hb": 1_700_000_000_250}]
    assert stream.receive("ech+hb", 11.0) == ["ech+hb"]
    answer = one(stream.receive("tic", 11.0))
    assert (answer["alive"], answer["lastAccessed"]) == (True, 1_700_000_000_250)


def test_lost_session_is_told_and_ends_what_was_subscribed() -> None:
    client = start({"ABC": [FLAT]})
    stream = open_stream(client)
    stream.receive("sor+{}", 0.0)
    client.call("POST", "/sim/account", {"do": "compete"})
    assert one(stream.poll(0.1))["args"] == {"authenticated": False, "competing": True}
    assert "error" in one(stream.receive("sor+{}", 0.2))
    client.post("/logout")
    assert stream.is_over()


def test_session_that_is_not_this_one_waits_until_it_is_named() -> None:
    client = start({"ABC": [FLAT]})
    stream = Stream(client.broker, 0.0, claimed="0" * 32)
    waiting = [{"message": "waiting for session"}]
    assert stream.greet() == waiting
    assert stream.receive("ssd+DU1234567+{}", 0.1) == waiting
    assert stream.receive('{"session":"1"}', 0.2) == waiting
    assert stream.poll(0.3) == []
    named = json.dumps({"session": client.post("/tickle")["session"]})
    greeting = stream.receive(named, 0.4)
    assert [message.get("topic") for message in greeting if isinstance(message, dict)] == ["system", "act", "sts"]
    assert stream.receive(named, 0.5) == []


def test_client_that_waits_too_long_is_turned_away() -> None:
    client = start({"ABC": [FLAT]})
    stream = Stream(client.broker, 0.0, claimed="")
    stream.poll(59.0)
    assert not stream.is_over()
    stream.poll(60.0)
    assert stream.is_over()


@pytest.mark.parametrize(
    ("cookie", "claimed"),
    [
        (None, None),
        ('{"session":"abc"}', "abc"),
        ("%7B%22session%22%3A%22abc%22%7D", "abc"),
        ("abc", ""),
        ('{"session":1}', ""),
        ("[]", ""),
    ],
)
def test_cookie_names_the_session(cookie: str | None, claimed: str | None) -> None:
    assert claimed_session(cookie) == claimed


def test_new_brokerage_session_between_two_looks_loses_what_was_subscribed() -> None:
    client = start({"ABC": [FLAT]})
    stream = open_stream(client)
    stream.receive("sor+{}", 0.0)
    client.call("POST", "/sim/account", {"do": "compete"})
    client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": True})
    assert one(stream.poll(0.1))["args"] == {"authenticated": True, "competing": False}
    client.get("/iserver/accounts")
    client.order(client.conid("ABC"), "BUY", "MKT", 1)
    assert stream.poll(0.2) == []


def test_idle_session_is_told_and_closed() -> None:
    client = start({"ABC": [FLAT]}, behaviour=msgspec.structs.replace(QUIET, session_clock="simulated"))
    stream = open_stream(client)
    client.advance("2014-03-03T14:35:00Z")
    stream.receive("tic", 0.1)
    client.advance("2014-03-03T14:40:59Z")
    client.broker.session.expire(client.broker.session_us)
    assert not any(message.get("topic") == "sts" for message in stream.poll(0.2))
    client.advance("2014-03-03T14:41:00Z")
    client.broker.session.expire(client.broker.session_us)
    assert one(stream.poll(0.3))["args"] == {"authenticated": False, "competing": False}
    assert stream.is_over()


def test_messages_that_mean_nothing_are_left_alone() -> None:
    client = start({"ABC": [FLAT]})
    stream, conid = open_stream(client), client.conid("ABC")
    for text in ("", "+", "xyz+{}", "sor+{", "smd+x+{}", "smd+1+[1]", f'smd+{conid}+{{"fields":null}}', "\x00"):
        assert isinstance(stream.receive(text, 0.0), list)
