from __future__ import annotations

from pathlib import Path

import pytest

from trading.errors import ConfigError
from webapp.settings import check_password, load_web_settings, read_web_settings


@pytest.mark.parametrize(
    "password", ["admin", "changeme", "ChangeMe", "short", "elevenchars", "Administrator", "  admin  "]
)
def test_a_password_that_can_be_guessed_is_refused_without_repeating_it(password: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_web_settings({"DASHBOARD_PASSWORD": password})
    assert caught.value.path == "DASHBOARD_PASSWORD"
    assert password.strip() not in str(caught.value)


def test_twelve_characters_are_enough() -> None:
    check_password("twelve-chars")
    with pytest.raises(ConfigError):
        check_password("twelve-char")


def test_an_empty_password_counts_as_absent() -> None:
    assert load_web_settings({"DASHBOARD_PASSWORD": ""}).given_password is None


def test_secrets_can_come_from_files(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a-long-enough-secret\n", encoding="utf-8")
    settings = load_web_settings({"DASHBOARD_PASSWORD_FILE": str(secret), "METRICS_TOKEN_FILE": str(secret)})
    assert settings.given_password == settings.metrics_token == "a-long-enough-secret"
    assert "a-long-enough-secret" not in repr(settings)


def test_the_simulated_gateway_has_its_own_folder() -> None:
    assert load_web_settings({"GATEWAY": "simulated", "STATE_DIR": "s"}).state_dir == Path("s/simulated")
    assert load_web_settings({"STATE_DIR": "s"}).state_dir == Path("s")


def test_only_loopback_by_default() -> None:
    settings = load_web_settings({})
    assert (settings.host, settings.port, settings.tls) == ("127.0.0.1", 5056, False)
    assert settings.allowed_hosts == ("localhost", "127.0.0.1", "[::1]")
    assert settings.base_url == "http://localhost:5056"


@pytest.mark.parametrize(
    "environ",
    [
        {"DASHBOARD_PORT": "0"},
        {"DASHBOARD_PORT": "65536"},
        {"DASHBOARD_PORT": "http"},
        {"GATEWAY": "paper"},
        {"DASHBOARD_TLS_CERT": "/no/such/file", "DASHBOARD_TLS_KEY": "/no/such/file"},
        {"DASHBOARD_TLS_CERT": __file__},
    ],
)
def test_bad_settings_are_named(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as caught:
        load_web_settings(environ)
    assert caught.value.path in environ


def test_dashboard_reads_nothing_of_where_people_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_URLS_FILE", str(tmp_path / "nobody reads this"))
    assert read_web_settings().given_password is None
    monkeypatch.setenv("NOTIFY_URLS", "what the dashboard can't judge")
    assert read_web_settings().given_password is None
