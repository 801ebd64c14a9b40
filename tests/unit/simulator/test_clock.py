from __future__ import annotations

from simulator.clock import RunningClock


class Monotonic:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_clock_at_speed_zero_stands() -> None:
    assert RunningClock(0.0, Monotonic()).due() is None


def test_clock_runs_as_often_faster_as_its_speed_says() -> None:
    real = Monotonic()
    clock = RunningClock(60.0, real)
    clock.set(1_000_000)
    real.now += 2.0
    assert clock.due() == 121_000_000


def test_clock_tells_the_time_of_day_in_milliseconds() -> None:
    assert RunningClock(0.0, wall=lambda: 1_700_000_000.5).wall_ms() == 1_700_000_000_500
