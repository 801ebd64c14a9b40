from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import prometheus_client
import pytest

from trading.model.boot_time import BootTime
from trading.monitoring.heartbeat import HeartbeatFile
from trading.monitoring.sign_of_life import (
    CONTENT_TYPE,
    HEARTBEAT_NAME,
    MOST_BYTES,
    WAITING_NAME,
    Beat,
    known_at,
    read_beat,
    waits_for,
)

SAID = Beat(
    age_s=41.0,
    step="decides",
    step_s=3.5,
    over_s=-56.5,
    call="POST /tickle",
    silence_s=12.0,
    silent_since="2014-03-04T13:30:00+00:00",
    overdue_s=7.0,
    unstored="the disk is full",
    ended_at="2014-03-04T13:31:00+00:00",
    ended_by="Ctrl-C",
)


def test_what_was_written_is_read_with_its_age(tmp_path: Path) -> None:
    path = tmp_path / HEARTBEAT_NAME
    assert read_beat(path, BootTime("one", 100.0)) is None
    assert HeartbeatFile(path, lambda: BootTime("one", 100.0)).write(SAID)
    assert read_beat(path, BootTime("one", 141.0)) == SAID
    # No clock that is set makes a process that died look alive.
    other = read_beat(path, BootTime("two", 141.0))
    assert other is not None
    assert other.age_s is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"boot_id": 1, "boot_s": "x", "step": 7, "over_s": "y", "silence_s": true}']
)
def test_what_makes_no_sense_says_nothing_good(tmp_path: Path, text: str) -> None:
    path = tmp_path / HEARTBEAT_NAME
    path.write_text(text, encoding="utf-8")
    assert read_beat(path, BootTime("one", 1.0)) in (None, Beat(age_s=None))


def test_longest_texts_fit(tmp_path: Path) -> None:
    path = tmp_path / HEARTBEAT_NAME
    long = Beat(call="\x01" * 200, unstored="ü" * 200, ended_by='"' * 200, step="x" * 60)
    HeartbeatFile(path, lambda: BootTime("one", 1.0)).write(long)
    assert path.stat().st_size == MOST_BYTES
    assert json.loads(path.read_bytes())["unstored"] == "ü" * 200


@pytest.mark.parametrize(("over_s", "age_s", "stuck"), [(15.0, 0.0, False), (14.0, 1.5, True), (16.0, None, True)])
def test_stuck_is_fifteen_seconds_past_the_limit(over_s: float, age_s: float | None, *, stuck: bool) -> None:
    assert Beat(over_s=over_s, age_s=age_s).stuck is stuck


def test_the_kind_of_text_is_that_of_the_library_that_writes_it() -> None:
    assert prometheus_client.CONTENT_TYPE_LATEST == CONTENT_TYPE


def test_what_trading_waits_for_is_told_while_the_note_is_fresh(tmp_path: Path) -> None:
    note, now = tmp_path / WAITING_NAME, datetime(2014, 3, 4, 13, 30, tzinfo=UTC)
    assert waits_for(note, now) == ""
    note.write_text("waiting for the gateway\n", encoding="utf-8")
    os.utime(note, (now.timestamp(), now.timestamp()))
    assert waits_for(note, now + timedelta(seconds=20)) == "waiting for the gateway"
    assert waits_for(note, now + timedelta(seconds=21)) == ""
    note.write_bytes(b"\xff" * 9000)
    assert len(waits_for(note, now)) <= 300


@pytest.mark.parametrize(("over_s", "before_s"), [(-12.0, 0.0), (15.0, 0.0), (60.0, 348.0)])
def test_records_are_as_old_as_the_last_sign_of_life_or_the_step_that_is_stuck(
    tmp_path: Path, over_s: float, before_s: float
) -> None:
    path, at = tmp_path / HEARTBEAT_NAME, datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
    assert known_at(path, None) is None
    HeartbeatFile(path, lambda: BootTime("one", 100.0)).write(Beat(step="decides", step_s=348.0, over_s=over_s))
    os.utime(path, (at.timestamp(), at.timestamp()))
    beat = read_beat(path, BootTime("one", 5000.0))
    assert known_at(path, beat) == at - timedelta(seconds=before_s)
    assert known_at(path, None) == at
