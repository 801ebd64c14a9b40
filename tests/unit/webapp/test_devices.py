from __future__ import annotations

from pathlib import Path

import pytest

from webapp.devices import KEY_FILE, Devices, load_or_make_key


def test_a_cookie_made_here_is_known_and_stays_the_same_browser() -> None:
    devices = Devices(b"k" * 32)
    cookie = devices.cookie(None)
    known = devices.find([cookie])
    assert known is not None
    assert devices.cookie(known) == cookie
    assert devices.find([Devices(b"k" * 32).cookie(None)]) != known


def test_a_cookie_of_another_key_or_changed_is_nobodys() -> None:
    devices = Devices(b"k" * 32)
    cookie = devices.cookie(None)
    changed = ("1" if cookie[0] != "1" else "2") + cookie[1:]
    assert devices.find([changed, cookie[:-1], cookie + "0", cookie.upper() + "x", "", ".", "\xff.\xff"]) is None
    assert Devices(b"x" * 32).find([cookie]) is None


def test_junk_in_front_does_not_hide_the_good_one() -> None:
    devices = Devices(b"k" * 32)
    assert devices.find(["junk", devices.cookie("ab" * 16)]) == "ab" * 16


def test_the_key_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    key = load_or_make_key(tmp_path / "state")
    assert len(key) == 32
    assert load_or_make_key(tmp_path / "state") == key
    assert (tmp_path / "state" / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert load_or_make_key(tmp_path / "other") != key


@pytest.mark.parametrize("kept", [b"", b"00", b"no key", b"\xff", b"0" * 63])
def test_a_damaged_key_is_as_none_and_stops_nothing(tmp_path: Path, kept: bytes) -> None:
    (tmp_path / KEY_FILE).write_bytes(kept)
    assert len(load_or_make_key(tmp_path)) == 32
    assert load_or_make_key(tmp_path) != load_or_make_key(tmp_path)


def test_a_folder_that_cannot_be_used_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file is in the way", encoding="utf-8")
    assert len(load_or_make_key(tmp_path / "state")) == 32
