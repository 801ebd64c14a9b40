"""What the trading process could not work with on disk is one line that names its setting, before it begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.server.tls import ensure_certificate
from tests.unit.trading.cli.conftest import Shell
from trading.cli.places import check_places
from trading.config import Settings, load_settings
from trading.errors import ConfigError


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def settings(folder: Path, **environ: str) -> Settings:
    (folder / "config.json").write_text("{}", encoding="utf-8")
    return load_settings(environ, folder / "config.json")


def refusal(folder: Path, **environ: str) -> str:
    with pytest.raises(ConfigError) as caught:
        check_places(settings(folder, **environ))
    return str(caught.value)


def test_folders_that_are_there_or_can_be_made_are_taken(tmp_path: Path) -> None:
    check_places(settings(tmp_path))
    check_places(settings(tmp_path, LOG_DIR=str(tmp_path)))
    check_places(settings(tmp_path, LOG_DIR=str(tmp_path / "a" / "b")))
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]


def test_log_that_would_be_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    fix = "no folder; give one that this user may write to"
    assert refusal(tmp_path, LOG_DIR="/dev/null") == f"LOG_DIR = '/dev/null': is {fix}"
    assert refusal(tmp_path, LOG_DIR="file") == f"LOG_DIR = 'file': is {fix}"
    assert refusal(tmp_path, LOG_DIR="/dev/null/logs") == (
        f"LOG_DIR = '/dev/null/logs': can't be made: '/dev/null' is {fix}"
    )
    (tmp_path / "link").symlink_to("link")
    assert refusal(tmp_path, LOG_DIR="link") == f"LOG_DIR = 'link': is {fix}"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "can't be read: No such file or directory"),
        (b"", "holds no usable certificate"),
        (b"# a text\n", "holds no usable certificate"),
        (b"\xff\x00", "holds no usable certificate"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "holds no usable certificate"),
    ],
)
def test_bundle_without_certificates_is_refused(tmp_path: Path, content: bytes | None, problem: str) -> None:
    if content is not None:
        (tmp_path / "ca.pem").write_bytes(content)
    assert refusal(tmp_path, GATEWAY_CA_BUNDLE="ca.pem").startswith(f"GATEWAY_CA_BUNDLE = 'ca.pem': {problem}")


def test_bundle_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    line = refusal(tmp_path, GATEWAY_CA_BUNDLE=str(tmp_path))
    assert "can't be read: Is a directory; give the gateway's certificate in PEM form" in line


def test_bundle_with_a_certificate_is_taken(tmp_path: Path) -> None:
    check_places(settings(tmp_path, GATEWAY_CA_BUNDLE=str(ensure_certificate(tmp_path / "made")[0])))


def test_certificate_that_start_sh_makes_need_not_be_there_yet(tmp_path: Path) -> None:
    check_places(settings(tmp_path, GATEWAY_CA_BUNDLE="state/gateway/root/gateway.pem"))
    check_places(settings(tmp_path, GATEWAY_CA_BUNDLE=str(tmp_path / "state/gateway/root/gateway.pem")))
    assert "can't be read" in refusal(tmp_path, GATEWAY_CA_BUNDLE="gateway/root/gateway.pem")
    check_places(settings(tmp_path, GATEWAY="simulated", GATEWAY_CA_BUNDLE=str(tmp_path / "none.pem")))


@pytest.mark.parametrize("command", [("run",), ("doctor", "--settings")])
def test_command_ends_with_2_before_it_made_anything(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("GATEWAY", "live")
    monkeypatch.setenv("TICKERS", "AAPL")
    monkeypatch.setenv("GATEWAY_CA_BUNDLE", "nowhere.pem")
    done = shell.run(*command)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert "GATEWAY_CA_BUNDLE = 'nowhere.pem': can't be read" in done.err
    monkeypatch.delenv("GATEWAY_CA_BUNDLE")
    monkeypatch.setenv("LOG_DIR", "/dev/null")
    assert "LOG_DIR = '/dev/null': is no folder" in shell.run(*command).err
    assert not shell.state.parent.exists()


def test_trading_can_be_halted_without_a_place_for_the_log(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_DIR", "/dev/null")
    assert "not yet confirmed" in shell.run("halt", "--wait", "0").err
