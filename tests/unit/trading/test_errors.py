"""The error tree: named by what the caller must do, facts in fields, one line for a person."""

from __future__ import annotations

import pytest

from trading import errors

GATEWAY_ERRORS = (errors.NotSent, errors.Suspended, errors.Refused, errors.OutcomeUnknown, errors.SessionLost)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            errors.ConfigError("MAX_POSITIONS", "ten", "a whole number, 1 to 100"),
            "MAX_POSITIONS = 'ten': a whole number, 1 to 100",
        ),
        (errors.ConfigError("IBKR_ACCOUNT_ID", None, "set it in .env"), "IBKR_ACCOUNT_ID: set it in .env"),
        (errors.DataError("AAPL", "high below low on 2015-01-02"), "AAPL: high below low on 2015-01-02"),
        (errors.InvariantBroken("I10", "own position of AAPL is -3"), "I10: own position of AAPL is -3"),
        (
            errors.InstanceRunning("state/simulated"),
            "another trading process already runs on state/simulated: stop it first",
        ),
        (errors.OutcomeUnknown("GET /trades", "no answer within 15 s"), "GET /trades: no answer within 15 s"),
        (errors.Refused("GET /trades", "no permission", 403), "GET /trades: no permission (HTTP 403)"),
    ],
)
def test_an_error_is_one_line_that_names_what_it_is_about(error: errors.TradingError, line: str) -> None:
    assert str(error) == line


def test_the_facts_of_a_configuration_error_are_in_fields() -> None:
    error = errors.ConfigError("risk.max_drawdown", 2.0, "0 to 1")
    assert (error.path, error.value, error.fix) == ("risk.max_drawdown", 2.0, "0 to 1")


@pytest.mark.parametrize("kind", GATEWAY_ERRORS)
def test_every_failed_call_is_a_gateway_error_with_its_status(kind: type[errors.GatewayError]) -> None:
    error = kind("POST /tickle", "gone", 401)
    assert isinstance(error, errors.GatewayError)
    assert (error.call, error.cause, error.status) == ("POST /tickle", "gone", 401)


def test_a_program_can_catch_everything_meant_with_one_name() -> None:
    kinds = (errors.ConfigError, errors.DataError, errors.InvariantBroken, errors.InstanceRunning, errors.GatewayError)
    assert all(issubclass(kind, errors.TradingError) for kind in kinds)


def test_what_an_error_was_made_of_is_found_however_it_was_wrapped() -> None:
    inner = TimeoutError("no answer")
    by_reason = OSError("wrapped")
    by_reason.reason = inner  # type: ignore[attr-defined] # as urllib3 has it
    outer = RuntimeError()
    outer.__cause__ = ValueError(by_reason)
    found = errors.causes_of(outer)
    assert [type(each) for each in found] == [RuntimeError, ValueError, OSError, TimeoutError]
