"""The simulated gateway: Interactive Brokers' Client Portal API on a replayed market, over HTTPS or in the process.

Its truth is what is known of the real API, not our own client: nothing of `trading` is imported but the facts of the
market (`trading.market`: bars, calendar, fill prices), so that client and simulator can't be wrong together.
"""
