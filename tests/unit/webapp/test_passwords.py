from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from trading.errors import ConfigError
from webapp.passwords import PasswordCheck, load_or_make_password, new_login_link, use_login_link
from webapp.settings import WebSettings, load_web_settings


def settings_in(folder: Path, **environ: str) -> WebSettings:
    return load_web_settings({"STATE_DIR": str(folder / "state"), **environ})


def test_only_the_password_matches() -> None:
    check = PasswordCheck("correct-horse-battery")
    assert check.matches("correct-horse-battery")
    for wrong in ("", "correct-horse-batter", "correct-horse-battery ", "Correct-horse-battery", "\ud800"):
        assert not check.matches(wrong)
    assert "correct-horse" not in repr(vars(check))


def test_a_made_password_stays_the_same_and_private(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    made = load_or_make_password(settings)
    assert load_or_make_password(settings) == made
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "state" / "dashboard_password").stat().st_mode & 0o777 == 0o600


def test_a_password_file_that_others_could_read_is_closed(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    load_or_make_password(settings)
    path = tmp_path / "state" / "dashboard_password"
    path.chmod(0o644)
    load_or_make_password(settings)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", ["", "admin\n", "short", "\xff\xfe"])
def test_a_kept_password_that_is_too_weak_or_damaged_stops_the_start(tmp_path: Path, content: str) -> None:
    settings = settings_in(tmp_path)
    load_or_make_password(settings)
    (tmp_path / "state" / "dashboard_password").write_text(content, encoding="latin-1")
    with pytest.raises(ConfigError):
        load_or_make_password(settings)


def test_a_given_password_is_written_nowhere(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, DASHBOARD_PASSWORD="correct-horse-battery")
    assert load_or_make_password(settings) == "correct-horse-battery"
    assert not (tmp_path / "state").exists()


def test_the_links_token_is_not_kept_in_clear(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    token = new_login_link(settings).partition("token=")[2]
    kept = tmp_path / "state" / "dashboard_link"
    assert token not in kept.read_text(encoding="ascii")
    assert kept.stat().st_mode & 0o777 == 0o600
    now = datetime.fromtimestamp(kept.stat().st_mtime, UTC)
    assert not use_login_link(settings, "wrong", now)
    assert use_login_link(settings, token, now)
    assert not use_login_link(settings, token, now)


@pytest.mark.parametrize(("age_s", "works"), [(3600.0, True), (3601.0, False)])
def test_a_link_lasts_an_hour(tmp_path: Path, age_s: float, *, works: bool) -> None:
    settings, now = settings_in(tmp_path), datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
    token = new_login_link(settings).partition("token=")[2]
    os.utime(tmp_path / "state" / "dashboard_link", (now.timestamp() - age_s,) * 2)
    assert use_login_link(settings, token, now) is works


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file is in the way", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_or_make_password(settings_in(tmp_path))
    assert caught.value.path == "STATE_DIR"
    with pytest.raises(ConfigError):
        new_login_link(settings_in(tmp_path))
