"""Prometheus metrics of the trading process, published as a file that the dashboard serves."""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import prometheus_client
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from trading.model.metric import Counter, Duration, Gauge
from trading.model.mode import Mode
from trading.monitoring.sign_of_life import PREFIX

_LABELS: Mapping[Counter, str] = MappingProxyType(
    {
        Counter.TRADES_CLOSED: "reason",
        Counter.ORDERS: "state",
        Counter.DENIALS: "code",
        Counter.WAITS: "code",
        Counter.ALERTS: "code",
    }
)
_HELP: Mapping[Counter | Gauge | Duration, str] = MappingProxyType(
    {
        Counter.CYCLES: "Cycles of the trading loop.",
        Counter.CYCLE_ERRORS: "Cycles that ended with an error.",
        Counter.FILLS: "Executions of own orders, each counted once.",
        Counter.TRADES_CLOSED: "Own positions that became flat, by exit reason.",
        Counter.ORDERS: "Steps of own orders into each state.",
        Counter.DENIALS: "Proposals and orders that an own limit refused, by the limit's code.",
        Counter.WAITS: "Entries that began to wait for a limit of ours, by its code.",
        Counter.ALERTS: "Alerts that need a person, by code.",
        Counter.HTTP_ERRORS: "Requests to the gateway that got no usable answer.",
        Counter.UNCOVERED_SECONDS: "Seconds in which an own share had no stop at the broker, in liquid hours.",
        Gauge.GATEWAY_UP: "Whether the gateway answers usably in a usable brokerage session (1) or not (0).",
        Gauge.TROUBLE: "Whether something keeps cycles from doing all that they are there for (1) or not (0).",
        Gauge.SESSION_EPOCH: "Number of the brokerage session since the start of the process.",
        Gauge.UNKNOWN_ORDERS: "Own orders whose outcome is not proven.",
        Gauge.UNCOVERED_SHARES: "Own shares without a working stop at the broker.",
        Gauge.OPEN_POSITIONS: "Own positions.",
        Gauge.EQUITY_DOLLARS: "Equity in USD as of the last look.",
        Gauge.CASH_DOLLARS: "Cash in USD as of the last look.",
        Gauge.DRAWDOWN_RATIO: "Drop of equity from its peak, as a fraction.",
        Gauge.LOOP_LAG_SECONDS: "How late the last cycle began.",
        Gauge.CLOCK_SKEW_SECONDS: "The gateway's clock minus our own.",
        Gauge.LAST_CYCLE_TIMESTAMP_SECONDS: "When the last cycle ended, in Unix time of the market clock.",
        Gauge.LAST_RECONCILE_TIMESTAMP_SECONDS: "When own records last agreed with the broker, in Unix time.",
        Duration.CYCLE: "Length of a cycle.",
        Duration.DB_COMMIT: "Time to make a change of the database durable.",
        Duration.ORDER_ACK: "Time from sending an order to the broker's answer.",
        Duration.FILL_LATENCY: "Time from a fill to its record.",
        Duration.PACING_WAIT: "Time that a request waited for its turn.",
    }
)
_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


class MetricsFile:
    """`trading.ports.Metrics`, written to a file that always is whole."""

    def __init__(self, path: Path, *, version: str) -> None:
        """Publish to `path`; nothing is written before `write`."""
        self._path = path
        # A halt is shown at once by the thread that commits it.
        self._writing = threading.Lock()
        self.registry = CollectorRegistry()
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call] # published so
        self._counters = {counter: self._make_counter(counter) for counter in Counter}
        self._totals: defaultdict[tuple[Counter, str | None], float] = defaultdict(float)
        self._gauges = {
            gauge: prometheus_client.Gauge(PREFIX + gauge, _HELP[gauge], registry=self.registry) for gauge in Gauge
        }
        self._durations = {
            duration: prometheus_client.Histogram(
                PREFIX + duration, _HELP[duration], registry=self.registry, buckets=_BUCKETS
            )
            for duration in Duration
        }
        self._mode = prometheus_client.Gauge(
            f"{PREFIX}mode", "The mode in force is 1, the others 0.", ("mode",), registry=self.registry
        )
        build = prometheus_client.Gauge(f"{PREFIX}build_info", "Version.", ("version",), registry=self.registry)
        build.labels(version).set(1)

    def add(self, counter: Counter, amount: float = 1.0, *, label: str | None = None) -> None:
        """Count something; `label` is the reason, state or code of a counter that has one."""
        family = self._counters[counter]
        (family if counter not in _LABELS else family.labels(label or "none")).inc(amount)
        self._totals[counter, label] += amount

    def reach(self, counter: Counter, total: float, *, label: str | None = None) -> None:
        """Bring a counter up to a total that is kept elsewhere, over restarts too; never down."""
        missing = total - self._totals[counter, label]
        if missing > 0.0:
            self.add(counter, missing, label=label)

    def put(self, gauge: Gauge, value: float) -> None:
        """Set a gauge."""
        self._gauges[gauge].set(value)

    def put_mode(self, mode: Mode) -> None:
        """Show which mode is in force."""
        for other in Mode:
            self._mode.labels(other.value).set(1.0 if other is mode else 0.0)

    def observe(self, duration: Duration, seconds: float) -> None:
        """Take a length of time into its histogram."""
        self._durations[duration].observe(seconds)

    def write(self) -> bool:
        """Replace the file in one step; False where the disk does not take it, which stops nothing."""
        new = self._path.with_name(f"{self._path.name}.new")
        with self._writing:
            try:
                descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(generate_latest(self.registry))
                new.replace(self._path)
            except OSError:
                return False
        return True

    def _make_counter(self, counter: Counter) -> prometheus_client.Counter:
        labels = (_LABELS[counter],) if counter in _LABELS else ()
        return prometheus_client.Counter(PREFIX + counter, _HELP[counter], labels, registry=self.registry)
