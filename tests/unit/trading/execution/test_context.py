from __future__ import annotations

import msgspec
import pytest

from tests.fakes.broker_account import ACCOUNT
from tests.fakes.trading_context import ContextParts
from trading.model.account import AccountKind


@pytest.mark.parametrize(
    ("kind", "released", "observes"),
    [
        (AccountKind.SIMULATED, "", False),
        (AccountKind.PAPER, "", False),
        (AccountKind.LIVE, "", True),
        (AccountKind.LIVE, "DU7654321", True),
        (AccountKind.LIVE, ACCOUNT, False),
    ],
)
def test_live_account_is_only_observed_until_it_is_released(
    parts: ContextParts,
    kind: AccountKind,
    released: str,
    observes: bool,  # noqa: FBT001
) -> None:
    parts.kind = kind
    parts.settings = msgspec.structs.replace(parts.settings, live_trading=released)
    assert parts.context().observes is observes
