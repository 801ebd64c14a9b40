"""What the dashboard reads from the environment, checked once at start."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from trading.config import load_settings
from trading.config.environment import CONFIG_FILE, ENV_FILE, read_environment
from trading.config.hosts import LOOPBACK, in_url, with_port
from trading.config.options import shortened
from trading.errors import ConfigError

MIN_PASSWORD_LENGTH = 12
# Where people are told is the trading process's secret.
_NOT_OURS = frozenset({"NOTIFY_URLS", "NOTIFY_URLS_FILE"})
_WELL_KNOWN_PASSWORDS = frozenset({"admin", "administrator", "changeme", "password", "secret", "letmein"})
ROOT = Path(__file__).resolve().parent.parent
CONFIG_PATH = ROOT / CONFIG_FILE


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Frozen settings of the web process; `state_dir` is already the one of the kind of gateway."""

    state_dir: Path
    log_dir: Path
    simulated: bool
    gateway_url: str
    host: str
    port: int
    allowed_hosts: tuple[str, ...]
    """Names that the Host header may carry, without a port; a page of another name that resolves to us is refused."""
    given_password: str | None = field(repr=False)
    metrics_token: str | None = field(repr=False)
    certificate: Path | None
    private_key: Path | None

    @property
    def tls(self) -> bool:
        """Whether this process speaks HTTPS itself, which decides how cookies are marked."""
        return self.certificate is not None

    @property
    def bind(self) -> str:
        """Return where to listen, an IPv6 address in brackets."""
        return with_port(self.host, self.port)

    @property
    def base_url(self) -> str:
        """Return the address that a person on this machine opens."""
        scheme = "https" if self.tls else "http"
        name = "[::1]" if self.host == "::1" else "localhost"
        return f"{scheme}://{name}:{self.port}"


def read_web_settings(folder: Path = ROOT) -> WebSettings:
    """Return the dashboard's settings from the process's environment, and `.env` and config.json of a folder.

    What serves it reads those of the project, from wherever it is started.

    Raises: ConfigError, as `load_web_settings`, or a line of `.env` can't be used.
    """
    found = read_environment(folder / ENV_FILE, os.environ)
    ours = {name: text for name, text in found.items() if name not in _NOT_OURS}
    return load_web_settings(ours, folder / CONFIG_FILE)


def load_web_settings(environ: Mapping[str, str], config_path: Path = CONFIG_PATH) -> WebSettings:
    """Return the dashboard's settings; an empty variable counts as absent.

    Raises: ConfigError, with the variable, what it held (never a secret) and what to do.
    """
    settings = load_settings(environ, config_path)
    dashboard = settings.dashboard
    password = None if dashboard.password is None else dashboard.password.reveal()
    if password is not None:
        check_password(password)
    certificate = _file(dashboard.tls_cert, "DASHBOARD_TLS_CERT")
    private_key = _file(dashboard.tls_key, "DASHBOARD_TLS_KEY")
    if (certificate is None) != (private_key is None):
        raise ConfigError("DASHBOARD_TLS_CERT", None, "set DASHBOARD_TLS_CERT and DASHBOARD_TLS_KEY together")
    if certificate is not None and private_key is not None:
        _check_pair(certificate, private_key)
    return WebSettings(
        state_dir=settings.state_dir,
        log_dir=settings.log_dir,
        simulated=settings.simulated,
        gateway_url=settings.gateway.url,
        host=dashboard.host,
        port=dashboard.port,
        allowed_hosts=tuple(in_url(host) for host in LOOPBACK) + dashboard.allowed_hosts,
        given_password=password,
        metrics_token=None if dashboard.metrics_token is None else dashboard.metrics_token.reveal(),
        certificate=certificate,
        private_key=private_key,
    )


def check_password(password: str) -> None:
    """Refuse a password that somebody could guess.

    Raises: ConfigError, which never repeats the password.
    """
    if password.strip().lower() in _WELL_KNOWN_PASSWORDS:
        raise ConfigError(
            "DASHBOARD_PASSWORD", None, "this is a well-known default; choose at least 12 characters of your own"
        )
    if len(password) < MIN_PASSWORD_LENGTH:
        raise ConfigError(
            "DASHBOARD_PASSWORD",
            None,
            f"use at least {MIN_PASSWORD_LENGTH} characters, or leave it empty to have one made",
        )


def _file(path: Path | None, name: str) -> Path | None:
    if path is not None and not path.is_file():
        raise ConfigError(name, shortened(str(path)), "there is no such file")
    return path


def _check_pair(certificate: Path, private_key: Path) -> None:
    """Refuse a certificate and a key that no server could begin with."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, private_key, password=_no_password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            fix = f"is the certificate of another key than DASHBOARD_TLS_KEY = {shortened(str(private_key))!r}"
            raise ConfigError("DASHBOARD_TLS_CERT", shortened(str(certificate)), fix) from None
        if not _holds_certificates(certificate):
            raise ConfigError(
                "DASHBOARD_TLS_CERT", shortened(str(certificate)), "holds no usable certificate in PEM form"
            ) from None
        fix = "holds no usable private key in PEM form; it must have no password"
        raise ConfigError("DASHBOARD_TLS_KEY", shortened(str(private_key)), fix) from None
    except OSError as error:
        name, path = ("DASHBOARD_TLS_CERT", certificate)
        if os.access(certificate, os.R_OK):
            name, path = ("DASHBOARD_TLS_KEY", private_key)
        raise ConfigError(name, shortened(str(path)), f"can't be read: {error.strerror}") from None


def _no_password() -> str:
    # Otherwise it would be asked for at the terminal.
    return ""


def _holds_certificates(file: Path) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except ssl.SSLError:
        return False
    return True
