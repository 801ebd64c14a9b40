from __future__ import annotations

import json

import pytest

from tests.fakes.chance import seeded
from tests.fakes.orders import NOW
from tests.unit.trading.cli.conftest import Shell, trader
from trading.model.difference import Difference, DifferenceKind
from trading.model.operator_request import OperatorVerb
from trading.model.status import StatusKey
from trading.store.database import Database
from trading.store.operator_requests import RequestsDatabase
from trading.store.records import SqliteStore

COID = "TS-ygyg-0007-6irupb"
UNPROVEN = Difference(
    DifferenceKind.UNPROVEN, COID, "PFE", "BUY 30 LMT as entry: UNKNOWN", "looks for it", f"--absent {COID}"
)
FOREIGN = Difference(DifferenceKind.SHARES_FOREIGN, "XOM", "XOM", "the broker shows 5 shares, own are 0", "nothing")


def found(shell: Shell, *differences: Difference) -> None:
    database = Database(shell.state / "trading.db", chance=seeded())
    store = SqliteStore(database)
    store.record_differences(differences)
    store.keep({StatusKey.MARKET_NOW: NOW.isoformat()})
    database.close()


# ---- what is shown


def test_before_anything_was_compared_that_is_said(shell: Shell) -> None:
    done = shell.run("reconcile")
    assert (done.code, done.out, len(done.err.splitlines())) == (1, "", 1)
    assert "nothing was compared yet" in done.err


def test_without_differences_it_is_exit_0(shell: Shell) -> None:
    found(shell)
    done = shell.run("reconcile")
    assert done.code == 0
    assert done.out == f"As of {NOW:%Y-%m-%d %H:%M:%S} UTC: own records agree with the broker's\n"


def test_each_difference_is_shown_with_what_is_done_about_it(shell: Shell) -> None:
    found(shell, UNPROVEN, FOREIGN)
    done = shell.run("reconcile")
    assert done.code == 1
    assert done.out.splitlines() == [
        f"As of {NOW:%Y-%m-%d %H:%M:%S} UTC: 2 differences",
        "Symbol  What            Found",
        "PFE     unproven order  BUY 30 LMT as entry: UNKNOWN",
        "    the system  looks for it",
        f"    you         --absent {COID}",
        "XOM     foreign shares  the broker shows 5 shares, own are 0",
        "    the system  nothing",
    ]


def test_age_is_told_where_time_is_real(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    found(shell)
    monkeypatch.setenv("GATEWAY", "live")
    monkeypatch.setenv("TICKERS", "AAPL")
    monkeypatch.setenv("STATE_DIR", str(shell.state))
    done = shell.run("reconcile")
    assert (done.code, " s ago: own records agree" in done.out) == (0, True)


def test_json_holds_the_same_for_programs(shell: Shell) -> None:
    found(shell, UNPROVEN)
    done = shell.run("reconcile", "--json")
    shown = json.loads(done.out)
    assert done.code == 1
    assert [(each["kind"], each["subject"]) for each in shown["differences"]] == [("unproven order", COID)]
    assert shown["as_of"].startswith(f"{NOW:%Y-%m-%dT%H:%M:%S}")


# ---- what is decided


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        (("--claim", f"{COID}=1234"), f"claim {COID}=1234"),
        (("--absent", f"{COID}-S"), f"absent {COID}-S"),
        (("--accept-shares", "BRK.B"), "accept-shares BRK.B"),
        (("--sold", "BRK.B"), "sold BRK.B"),
        (("--adopt", COID), f"adopt {COID}"),
        (("--ignore", COID), f"ignore {COID}"),
        (("--flow", "3"), "flow 3"),
        (("--no-flow", "3"), "no-flow 3"),
    ],
)
def test_decision_reaches_the_trader_and_its_answer_the_person(
    shell: Shell, arguments: tuple[str, ...], argument: str
) -> None:
    with trader(shell, "it is so") as seen:
        done = shell.run("reconcile", *arguments)
    assert (done.code, done.out) == (0, "reconcile: it is so\n")
    assert [(request.kind, request.argument) for request in seen] == [(OperatorVerb.RECONCILE, argument)]


@pytest.mark.parametrize(
    ("arguments", "what_to_do"),
    [
        (("--claim", COID), "takes COID=ORDER_ID"),
        (("--claim", f"{COID}=x"), "takes COID=ORDER_ID"),
        (("--absent", "two words"), "takes the name of an order"),
        (("--accept-shares", ""), "takes a symbol"),
        (("--sold", ""), "takes a symbol"),
        (("--flow", ""), "takes a number"),
        (("--no-flow", "a b"), "takes a number"),
        (("--absent", COID, "--adopt", COID), "one difference at a time"),
    ],
)
def test_bad_argument_is_one_line_with_what_to_do(shell: Shell, arguments: tuple[str, ...], what_to_do: str) -> None:
    done = shell.run("reconcile", *arguments)
    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert what_to_do in done.err
    assert RequestsDatabase(shell.state / "controls.db").pending() == ()
