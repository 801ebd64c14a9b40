"""The account's summary and ledger as the websocket tells them: names as TWS spells them, then what has changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Row = dict[str, object]
# As TWS spells the names, which are in lower case over REST. A segment follows: -S securities, -C commodities.
_SUMMARY_NAMES = (
    "AccountCode",
    "AccountReady",
    "AccountType",
    "AccruedCash",
    "AccruedDividend",
    "AvailableFunds",
    "Billable",
    "BuyingPower",
    "ColumnPrio",
    "Cushion",
    "DayTradesRemaining",
    "EquityWithLoanValue",
    "ExcessLiquidity",
    "FullAvailableFunds",
    "FullExcessLiquidity",
    "FullInitMarginReq",
    "FullMaintMarginReq",
    "GrossPositionValue",
    "Guarantee",
    "HighestSeverity",
    "IncentiveCoupons",
    "IndianStockHaircut",
    "InitMarginReq",
    "Leverage",
    "LookAheadAvailableFunds",
    "LookAheadExcessLiquidity",
    "LookAheadInitMarginReq",
    "LookAheadMaintMarginReq",
    "LookAheadNextChange",
    "MaintMarginReq",
    "NetLiquidation",
    "NetLiquidationUncertainty",
    "NlvAndMarginInReview",
    "PASharesValue",
    "PhysicalCertificateValue",
    "PostExpirationExcess",
    "PostExpirationMargin",
    "PreviousDayEquityWithLoanValue",
    "RegTEquity",
    "RegTMargin",
    "SegmentTitle",
    "SMA",
    "TotalCashValue",
    "TotalDebitCardPendingCharges",
    "TradingType",
    "WhatIfPMEnabled",
)
_BY_LOWER_CASE = {name.lower(): name for name in _SUMMARY_NAMES}
_LEDGER_NAMES = {
    "acctcode": "acctCode",
    "cashbalance": "cashbalance",
    "cashbalancefxsegment": "cashBalanceFXSegment",
    "commoditymarketvalue": "commodityMarketValue",
    "corporatebondsmarketvalue": "corporateBondsMarketValue",
    "dividends": "dividends",
    "exchangerate": "exchangeRate",
    "funds": "funds",
    "interest": "interest",
    "issueroptionsmarketvalue": "issueOptionsMarketValue",
    "moneyfunds": "moneyFunds",
    "netliquidationvalue": "netLiquidationValue",
    "realizedpnl": "realizedPnl",
    "secondkey": "secondKey",
    "settledcash": "settledCash",
    "severity": "severity",
    "stockmarketvalue": "stockMarketValue",
    "stockoptionmarketvalue": "optionMarketValue",
    "tbillsmarketvalue": "tBillsMarketValue",
    "tbondsmarketvalue": "tBondsMarketValue",
    "unrealizedpnl": "unrealizedPnl",
    "warrantsmarketvalue": "warrantsMarketValue",
}
_ALWAYS = ("key", "timestamp")
_OWNER = "AccountCode"


@dataclass(slots=True)
class AccountTopic:
    """One subscription: what was asked for, and what was told last."""

    keys: frozenset[str]
    fields: frozenset[str]
    told: dict[object, Row] = field(default_factory=dict)

    @classmethod
    def asked(cls, arguments: Mapping[str, object]) -> AccountTopic:
        """Read `keys` and `fields` of a subscription; without them it is for all."""
        return cls(_names(arguments.get("keys")), _names(arguments.get("fields")))

    def news(self, rows: list[Row]) -> list[Row]:
        """Return the rows of a message: whole where something changed, else key and timestamp alone."""
        shown = []
        changed = False
        for row in rows:
            key = row["key"]
            if self.keys and str(key) not in self.keys:
                continue
            facts = {name: value for name, value in row.items() if name not in _ALWAYS and self._wants(name)}
            if self.told.get(key) == facts:
                shown.append({name: row[name] for name in _ALWAYS})
                continue
            self.told[key] = facts
            changed = True
            shown.append({"key": key, **facts, "timestamp": row["timestamp"]})
        return self._with_owner(shown) if changed else shown

    def _wants(self, name: str) -> bool:
        return not self.fields or name in self.fields

    def _with_owner(self, shown: list[Row]) -> list[Row]:
        """Say whose account it is in every message that has news."""
        return [{**row, **self.told[_OWNER]} if row["key"] == _OWNER else row for row in shown]


def _names(value: object) -> frozenset[str]:
    return frozenset(str(item) for item in value) if isinstance(value, list) else frozenset()


def summary_topic_rows(rows: Mapping[str, Mapping[str, object]]) -> list[Row]:
    """Return the summary's rows of REST as the websocket shows them: an amount or a text each, seconds."""
    return [_summary_row(name, row) for name, row in rows.items()]


def _summary_row(name: str, row: Mapping[str, object]) -> Row:
    stamp = row["timestamp"]
    head: Row = {"key": summary_key(name), "timestamp": stamp // 1000 if isinstance(stamp, int) else 0}
    if row["value"] is not None:
        return {**head, "value": row["value"], "severity": row["severity"]}
    return {**head, "currency": row["currency"], "monetaryValue": row["amount"], "severity": row["severity"]}


def summary_key(name: str) -> str:
    """Return for example NetLiquidation-S for netliquidation-s."""
    stem, dash, segment = name.partition("-")
    return f"{_BY_LOWER_CASE.get(stem, stem)}{dash}{segment.upper()}"


def ledger_topic_row(row: Mapping[str, object]) -> Row:
    """Return the ledger's row of REST as the websocket shows it."""
    named: Row = {_LEDGER_NAMES[name]: value for name, value in row.items() if name in _LEDGER_NAMES}
    named |= {"key": f"LedgerList{row['secondkey']}", "timestamp": row["timestamp"]}
    return named | {"marketValue": 0.0}
