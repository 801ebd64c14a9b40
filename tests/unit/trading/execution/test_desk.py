from __future__ import annotations

import msgspec
import pytest

from tests.fakes.fake_broker import ACCOUNT
from tests.fakes.trading_desk import Office
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
def test_live_account_is_only_observed_until_it_is_released(kind: AccountKind, released: str, observes: bool) -> None:  # noqa: FBT001
    office = Office(kind=kind)
    office.settings = msgspec.structs.replace(office.settings, live_trading=released)
    assert office.desk().observes is observes
