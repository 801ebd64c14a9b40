"""What entries may use of the account (R19): one reckoning for decisions and for the check before the wire."""

from __future__ import annotations

from collections.abc import Iterable

from trading.execution.planning.foreign_buys import foreign_buys
from trading.execution.planning.state import TradingState
from trading.model.account import AccountState
from trading.model.alarm import Alarm, AlarmCode
from trading.model.order import Role
from trading.model.record import IntentRecord
from trading.risk_manager import Funds, spendable
from trading.rules import entry_cost

_CASH = "cash"


def other_entries(state: TradingState, besides: str = "") -> tuple[IntentRecord, ...]:
    """Return own entries that may be live or are about to leave, without the one that is judged."""
    active = (*state.journal.maybe_live, *state.journal.planned)
    return tuple(record for record in active if record.intent.role is Role.ENTRY and record.coid != besides)


def left_to_spend(account: AccountState, entries: Iterable[IntentRecord], others: float, account_rules: str) -> float:
    """Return what is left once `entries` have filled, and purchases of others that come to `others`; USD."""
    committed = sum(entry_cost(each.left, each.intent.limit_price or 0.0) for each in entries)
    funds = Funds(
        cash=account.cash,
        settled=account.settled_cash,
        available=account.available_funds,
        committed=committed + others,
        cash_account=account.cash_account,
    )
    return spendable(funds, account_rules)


def spendable_now(state: TradingState) -> float | None:
    """Return what a decision of this moment may use, None where the balances can't be read."""
    account = state.snapshot.account.value
    if account is None:
        return None
    return left_to_spend(account, other_entries(state), foreign_buys(state).value, state.settings.risk.account_rules)


def account_alarms(state: TradingState) -> tuple[Alarm, ...]:
    """Return what a person has to set, or know, of the account's kind."""
    account, rules = state.snapshot.account.value, state.settings.risk.account_rules
    if account is None:
        return ()
    found = []
    if account.cash_account and rules != _CASH:
        text = (
            "the broker says that this is a cash account: set risk.account_rules to cash in config.json, so that "
            "backtests reckon as this account does; entries use settled cash only as it is"
        )
        found.append(Alarm(AlarmCode.ACCOUNT_RULES, "cash", text))
    if account.settled_cash is None and (account.cash_account or rules == _CASH):
        text = "the broker does not say how much cash is settled: nothing is bought until it does"
        found.append(Alarm(AlarmCode.ACCOUNT_RULES, "settled", text))
    return tuple(found)
