"""The account's statement: summary and ledger of the portfolio calls, and the tables of the brokerage session's own."""

from __future__ import annotations

from simulator import instants
from simulator.broker import Broker
from simulator.views.currencies import HOME, dollars_for
from simulator.views.valuation import Valuation

SECURITIES, COMMODITIES = "-s", "-c"
BASE = "BASE"
NO_LIMIT = "-1"
"""of day trades"""
# Amounts that stock on margin has not; each has its row all the same, and one for each segment.
_EMPTY = [
    "accruedcash",
    "accrueddividend",
    "billable",
    "guarantee",
    "incentivecoupons",
    "indianstockhaircut",
    "pasharesvalue",
    "physicalcertificatevalue",
    "postexpirationexcess",
    "postexpirationmargin",
    "totaldebitcardpendingcharges",
]


def summary_rows(broker: Broker) -> dict[str, dict[str, object]]:
    """Return the account's summary: a row for each key, and for most of them one for each segment."""
    value, stamp = Valuation.of(broker), instants.millis(broker.now_us)
    split = {
        **dict.fromkeys(_EMPTY, 0.0),
        "availablefunds": value.available,
        "availabletotrade": value.available,
        "availabletowithdraw": min(value.available, value.settled),
        "equitywithloanvalue": value.equity,
        "excessliquidity": value.excess,
        "fullavailablefunds": value.available,
        "fullexcessliquidity": value.excess,
        "fullinitmarginreq": value.initial_margin,
        "fullmaintmarginreq": value.maintenance_margin,
        "grosspositionvalue": value.gross,
        "initmarginreq": value.initial_margin,
        "lookaheadavailablefunds": value.available,
        "lookaheadexcessliquidity": value.excess,
        "lookaheadinitmarginreq": value.initial_margin,
        "lookaheadmaintmarginreq": value.maintenance_margin,
        "maintmarginreq": value.maintenance_margin,
        "netliquidation": value.equity,
        "totalcashvalue": value.cash,
    }
    securities_only = {
        "previousdayequitywithloanvalue": value.equity_before,
        "regtequity": value.equity,
        "regtmargin": value.initial_margin,
        "sma": value.available,
    }
    base = broker.behaviour.base_currency
    rows = {name: _amount(in_base(broker, amount), stamp, base) for name, amount in (split | securities_only).items()}
    rows |= {name + SECURITIES: rows[name] for name in (*split, *securities_only)}
    rows |= {name + COMMODITIES: _amount(0.0, stamp, base) for name in split}
    rows |= {
        "buyingpower": _amount(in_base(broker, value.buying_power), stamp, base),
        "netliquidationuncertainty": _amount(0.0, stamp, base),
    }
    rows |= {name: _text(text, stamp) for name, text in _texts(broker, value).items()}
    return dict(sorted(rows.items()))


def _texts(broker: Broker, value: Valuation) -> dict[str, str]:
    leverage = f"{value.gross / value.equity:.2f}" if value.equity else "0.00"
    days = {f"daytradesremaining{later}": NO_LIMIT for later in ("", "t+1", "t+2", "t+3", "t+4")}
    cash = f"{instants.new_york_day(broker.now_us):%Y%m%d}:{value.settled:.2f}"
    return days | {
        "accountcode": broker.config.account_id,
        "accountready": "true",
        "accounttype": "INDIVIDUAL",
        "columnprio-c": "2",
        "columnprio-s": "1",
        "cushion": f"{value.excess / value.equity:.6f}" if value.equity else "0",
        "daytradingstatus-s": f": : false: {value.equity_before:.2f}: :false",
        "depositoncredithold": "null",
        "highestseverity": "null",
        "leverage-c": "0.00",
        "leverage-s": leverage,
        "lookaheadnextchange": str(_next_change(broker) // instants.SECOND),
        "nlvandmargininreview": "false",
        "segmenttitle-c": "US Commodities",
        "segmenttitle-s": "US Securities",
        "settledcashbydate": cash,
        "settledcashbydate-c": cash.partition(":")[0] + ":0.00",
        "settledcashbydate-s": cash,
        "tradingtype-s": trading_type(broker),
        "whatifpmenabled": "true",
    }


def trading_type(broker: Broker) -> str:
    """Return the broker's word for what an account may trade and how it pays."""
    return "STKCASH" if broker.behaviour.account_type == "cash" else "STKNOPT"


def _next_change(broker: Broker) -> int:
    """Return when margin requirements change next: at the close."""
    market, now = broker.market, broker.now_us
    coming = market.days[max(market.day_at(now), 0) :]
    return next((day.close_us for day in coming if day.close_us > now), now)


def in_base(broker: Broker, dollars: float) -> float:
    """Return dollars in the currency that the account is kept in."""
    rate = dollars_for(broker.behaviour.base_currency) or 1.0
    return dollars if rate == 1.0 else round(dollars / rate, 4)


def _amount(amount: float, stamp: int, currency: str) -> dict[str, object]:
    return {"amount": amount, "currency": currency, "isNull": False, "timestamp": stamp, "value": None, "severity": 0}


def _text(text: str, stamp: int) -> dict[str, object]:
    return {"amount": 0.0, "currency": None, "isNull": False, "timestamp": stamp, "value": text, "severity": 0}


def ledger_rows(broker: Broker) -> dict[str, dict[str, object]]:
    """Return the ledger: a row for each currency, that which the account is kept in among them, and one for BASE."""
    currencies = dict.fromkeys((HOME, broker.behaviour.base_currency, BASE))
    return {currency: ledger_row(broker, currency) for currency in currencies}


def ledger_row(broker: Broker, currency: str) -> dict[str, object]:
    """Return the ledger's row of one currency or of BASE; timestamps here are in seconds.

    BASE is everything in the currency that the account is kept in; in any currency but dollars it holds nothing.
    """
    value = Valuation.of(broker)
    rate = in_base(broker, 1.0) if currency == HOME else 1

    def held(dollars: float) -> float:
        if currency == HOME:
            return dollars
        return in_base(broker, dollars) if currency == BASE else 0.0

    return {
        "commoditymarketvalue": 0.0,
        "futuremarketvalue": 0.0,
        "settledcash": held(value.settled),
        "exchangerate": rate,
        "sessionid": 1,
        "cashbalance": held(value.cash),
        "corporatebondsmarketvalue": 0.0,
        "warrantsmarketvalue": 0.0,
        "netliquidationvalue": held(value.equity),
        "interest": 0.0,
        "unrealizedpnl": held(value.unrealized),
        "stockmarketvalue": held(value.stock),
        "moneyfunds": 0.0,
        "currency": currency,
        "realizedpnl": held(value.realized),
        "funds": 0.0,
        "acctcode": broker.config.account_id,
        "issueroptionsmarketvalue": 0.0,
        "key": "LedgerList",
        "timestamp": broker.now_us // instants.SECOND,
        "severity": 0,
        "stockoptionmarketvalue": 0.0,
        "futuresonlypnl": 0.0,
        "tbondsmarketvalue": 0.0,
        "futureoptionmarketvalue": 0.0,
        "cashbalancefxsegment": 0.0,
        "secondkey": currency,
        "tbillsmarketvalue": 0.0,
        "endofbundle": 1,
        "dividends": 0.0,
        "cryptocurrencyvalue": 0.0,
    }


def usd(amount: float) -> str:
    """Return an amount as the tables write it, in whole dollars."""
    return f"{amount:,.0f} USD"


def by_segment(row: dict[str, str]) -> dict[str, dict[str, str]]:
    """Return a table in which everything is of the securities segment."""
    empty = {name: "0.00" if name == "leverage" else usd(0.0) for name in row if name not in _OF_SECURITIES}
    return {"total": row, "Crypto at Paxos": empty, "commodities": empty, "securities": row}


_OF_SECURITIES = frozenset(
    ("SMA", "day_trades_left", "Lk Ahd Nxt Chng", "Rg T Eqty Wth Ln Vl", "Prvs Dy Eqty Wth Ln Vl", "sec_gross_pos_val")
)


def funds_table(broker: Broker, value: Valuation) -> dict[str, dict[str, str]]:
    """Return what may be used, now and when margin requirements change next."""
    available, excess = usd(value.available), usd(value.excess)
    change = instants.to_datetime(_next_change(broker)).astimezone(instants.NEW_YORK)
    row = {
        "current_available": available,
        "current_excess": excess,
        "Prdctd Pst-xpry Excss": usd(0.0),
        "SMA": available,
        "look_ahead_available": available,
        "look_ahead_excess": excess,
        "Lk Ahd Avlbl Fnds": available,
        "Lk Ahd Excss Lqdty": excess,
        "overnight_available": available,
        "overnight_excess": excess,
        "buying_power": usd(value.buying_power),
        "leverage": f"{value.gross / value.equity if value.equity else 0.0:.2f}",
        "Lk Ahd Nxt Chng": f"@ {change:%H:%M:%S}",
        "day_trades_left": "Unlimited",
    }
    return by_segment(row)


def balances_table(value: Valuation) -> dict[str, dict[str, str]]:
    """Return what is there."""
    before = usd(value.equity_before)
    row = {
        "net_liquidation": usd(value.equity),
        "Nt Lqdtn Uncrtnty": usd(0.0),
        "equity_with_loan": usd(value.equity),
        "previous_day_equity_with_loan": before,
        "Prvs Dy Eqty Wth Ln Vl": before,
        "Rg T Eqty Wth Ln Vl": usd(value.equity),
        "sec_gross_pos_val": usd(value.gross),
        "cash": usd(value.cash),
        "MTD Interest": usd(0.0),
        "Pndng Dbt Crd Chrgs": usd(0.0),
    }
    return by_segment(row)


def margins_table(value: Valuation) -> dict[str, dict[str, str]]:
    """Return the margin requirements, now and later; nothing here changes them overnight."""
    initial, maintenance = usd(value.initial_margin), usd(value.maintenance_margin)
    row = {
        "RegT Margin": initial,
        "current_initial": initial,
        "Prdctd Pst-xpry Mrgn @ Opn": usd(0.0),
        "current_maint": maintenance,
        "look_ahead_initial": initial,
        "look_ahead_maint": maintenance,
        "projected_liquidity_inital_margin": initial,
        "Prjctd Lk Ahd Mntnnc Mrgn": maintenance,
        "projected_overnight_initial_margin": initial,
        "Prjctd Ovrnght Mntnnc Mrgn": maintenance,
    }
    return by_segment(row)


_NOT_STOCK = [
    "MTD Interest",
    "options",
    "futures",
    "future_options",
    "funds",
    "dividends_receivable",
    "mutual_funds",
    "money_market",
    "bonds",
    "Govt Bonds",
    "t_bills",
    "warrants",
    "issuer_option",
    "commodity",
    "Notional CFD",
    "cfd",
    "Cryptocurrency",
]


def market_value_table(value: Valuation) -> dict[str, dict[str, str]]:
    """Return market value by currency."""
    row = {
        "total_cash": f"{value.cash:,.0f}",
        "settled_cash": f"{value.settled:,.0f}",
        "stock": f"{value.stock:,.0f}",
        **dict.fromkeys(_NOT_STOCK, "0"),
        "net_liquidation": f"{value.equity:,.0f}",
        "unrealized_pnl": f"{value.unrealized:,.0f}",
        "realized_pnl": f"{value.realized:,.0f}",
        "Exchange Rate": "1.00",
    }
    return {"USD": row, "Total (in USD)": row}
