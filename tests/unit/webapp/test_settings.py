from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from simulator.server.tls import ensure_certificate
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


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.chdir(tmp_path)
    certificate, key = ensure_certificate(Path("pair"))
    return {"DASHBOARD_TLS_CERT": str(certificate), "DASHBOARD_TLS_KEY": str(key)}


def test_certificate_with_its_key_is_used(pair: dict[str, str]) -> None:
    assert load_web_settings(pair).tls


def test_certificate_of_another_key_is_refused(pair: dict[str, str]) -> None:
    other = ensure_certificate(Path("other"))[1]
    assert refused(pair | {"DASHBOARD_TLS_KEY": str(other)}).startswith(
        f"DASHBOARD_TLS_CERT = {pair['DASHBOARD_TLS_CERT']!r}: is the certificate of another key than DASHBOARD_TLS_KEY"
    )


@pytest.mark.parametrize("content", [b"", b"# a text\n", b"\xff\x00"])
def test_what_is_no_certificate_or_no_key_is_refused(pair: dict[str, str], tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other").write_bytes(content)
    other = "other"
    line = refused(pair | {"DASHBOARD_TLS_CERT": other})
    assert line == f"DASHBOARD_TLS_CERT = {other!r}: holds no usable certificate in PEM form"
    line = refused(pair | {"DASHBOARD_TLS_KEY": other})
    assert line.startswith(f"DASHBOARD_TLS_KEY = {other!r}: holds no usable private key in PEM form")


def test_key_with_a_password_is_refused_and_nobody_is_asked(pair: dict[str, str], tmp_path: Path) -> None:
    key = load_pem_private_key(Path(pair["DASHBOARD_TLS_KEY"]).read_bytes(), None)
    locked = tmp_path / "locked"
    locked.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"a secret")))
    line = refused(pair | {"DASHBOARD_TLS_KEY": str(locked)})
    assert line.startswith("DASHBOARD_TLS_KEY = ")
    assert line.endswith("it must have no password")


def refused(environ: dict[str, str]) -> str:
    with pytest.raises(ConfigError) as caught:
        load_web_settings(environ)
    return str(caught.value)


@pytest.mark.parametrize("name", ["DASHBOARD_TLS_CERT", "DASHBOARD_TLS_KEY"])
def test_long_path_is_refused_in_one_short_line(pair: dict[str, str], name: str) -> None:
    line = refused(pair | {name: "a/" * 1900})
    assert line.startswith(f"{name} = 'a/a/")
    assert len(line) <= 300


def test_dashboard_reads_nothing_of_where_people_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_URLS_FILE", str(tmp_path / "nobody reads this"))
    assert read_web_settings().given_password is None
    monkeypatch.setenv("NOTIFY_URLS", "what the dashboard can't judge")
    assert read_web_settings().given_password is None
