from __future__ import annotations

import re
from pathlib import Path

import pytest

from trading.model.metric import Counter, Duration, Gauge
from trading.model.mode import Mode
from trading.monitoring.metrics import MetricsFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "metrics.prom"


@pytest.fixture
def metrics(path: Path) -> MetricsFile:
    return MetricsFile(path, version="1.2.3")


def samples(metrics: MetricsFile, path: Path) -> dict[str, float]:
    assert metrics.write()
    lines = [line.rsplit(" ", 1) for line in path.read_text().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def test_what_is_counted_and_measured_is_in_the_file(metrics: MetricsFile, path: Path) -> None:
    metrics.add(Counter.FILLS)
    metrics.add(Counter.FILLS, 2)
    metrics.add(Counter.TRADES_CLOSED, label="stop")
    metrics.put(Gauge.EQUITY_DOLLARS, 10_000.01)
    metrics.observe(Duration.CYCLE, 0.25)
    found = samples(metrics, path)
    assert found["trading_fills_total"] == 3
    assert found['trading_trades_closed_total{reason="stop"}'] == 1
    assert found["trading_equity_dollars"] == 10_000.01
    assert found["trading_cycle_duration_seconds_sum"] == 0.25
    assert found['trading_build_info{version="1.2.3"}'] == 1


@pytest.mark.parametrize(
    "name",
    [
        "loop_lag_seconds", "unknown_orders", "uncovered_shares", "uncovered_seconds_total", "gateway_up",
        "session_epoch", "http_errors_total", "pacing_wait_seconds_count", "last_reconcile_timestamp_seconds",
        "db_commit_seconds_count", "order_ack_seconds_count", "fill_latency_seconds_count", "fills_total",
        "cycle_duration_seconds_count", "equity_dollars",
    ],
)  # fmt: skip
def test_promised_metric_is_there_from_the_first_moment(metrics: MetricsFile, path: Path, name: str) -> None:
    assert f"trading_{name}" in samples(metrics, path)


@pytest.mark.parametrize(
    ("counter", "text"),
    [
        (Counter.ORDERS, 'trading_orders_total{state="FILLED"}'),
        (Counter.DENIALS, 'trading_denials_total{code="FILLED"}'),
        (Counter.WAITS, 'trading_waits_total{code="FILLED"}'),
        (Counter.ALERTS, 'trading_alerts_total{code="FILLED"}'),
    ],
)
def test_promised_label_is_used(metrics: MetricsFile, path: Path, counter: Counter, text: str) -> None:
    metrics.add(counter, label="FILLED")
    assert samples(metrics, path)[text] == 1


def test_exactly_one_mode_is_in_force(metrics: MetricsFile, path: Path) -> None:
    metrics.put_mode(Mode.HALTED)
    metrics.put_mode(Mode.REDUCING)
    found = samples(metrics, path)
    modes = {name: value for name, value in found.items() if name.startswith("trading_mode")}
    assert modes.pop('trading_mode{mode="REDUCING"}') == 1
    assert set(modes.values()) == {0.0}


def test_names_follow_the_rules_of_prometheus(metrics: MetricsFile, path: Path) -> None:
    metrics.write()
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", path.read_text(), re.MULTILINE))
    assert all(name.startswith("trading_") for name in kinds)
    assert {name.endswith("_total") for name, kind in kinds.items() if kind == "counter"} == {True}
    assert not any(name.endswith(("_total", "_created")) for name, kind in kinds.items() if kind != "counter")
    assert {name.endswith("_seconds") for name, kind in kinds.items() if kind == "histogram"} == {True}
    assert len(samples(metrics, path)) <= 500


def test_file_is_replaced_in_one_step_and_its_owners_alone(metrics: MetricsFile, path: Path) -> None:
    metrics.write()
    before = path.stat().st_ino
    metrics.write()
    assert path.stat().st_ino != before
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["metrics.prom"]


def test_disk_that_does_not_take_it_stops_nothing(tmp_path: Path) -> None:
    assert MetricsFile(tmp_path / "gone" / "metrics.prom", version="1").write() is False


def test_a_counter_is_brought_up_to_a_kept_total_and_never_down(metrics: MetricsFile, path: Path) -> None:
    for total in (4, 4, 2, 5):
        metrics.reach(Counter.ORDERS, total, label="FILLED")
    assert samples(metrics, path)['trading_orders_total{state="FILLED"}'] == 5
