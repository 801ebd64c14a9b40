from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import prometheus_client

from trading.monitoring.metrics import MetricsFile
from trading.monitoring.sign_of_life import CONTENT_TYPE, FILE_NAME, WAITING_NAME, silent_s, waits_for


def test_silence_is_the_age_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    now = datetime(2014, 3, 4, 13, 30, tzinfo=UTC)
    assert silent_s(path, now) is None
    MetricsFile(path, version="1").write()
    os.utime(path, (now.timestamp(), now.timestamp()))
    assert silent_s(path, now + timedelta(seconds=41)) == 41.0
    # Clocks are set back now and then.
    assert silent_s(path, now - timedelta(seconds=5)) == 0.0


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
