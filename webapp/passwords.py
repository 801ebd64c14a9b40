"""The one password of the dashboard, and the one-time link that stands in for it after a first start."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from datetime import datetime
from pathlib import Path

from trading.errors import ConfigError
from webapp.settings import WebSettings, check_password

PASSWORD_FILE = "dashboard_password"  # noqa: S105 - a file's name, not a secret
LINK_FILE = "dashboard_link"
LINK_LASTS_S = 3600.0
_OWNER_ONLY = 0o600


class PasswordCheck:
    """Compares what a person typed with the password, in the same time whatever was typed."""

    def __init__(self, password: str) -> None:
        """Keep a digest, so that both sides of the comparison have one length."""
        self._digest = _digest(password)

    def matches(self, typed: str) -> bool:
        """Return whether `typed` is the password."""
        return hmac.compare_digest(_digest(typed), self._digest)


def load_or_make_password(settings: WebSettings) -> str:
    """Return the given password, or the one kept in the state folder, which is made at the first start.

    Raises: ConfigError, the state folder can't be used or the kept password is too weak.
    """
    if settings.given_password is not None:
        return settings.given_password
    path = settings.state_dir / PASSWORD_FILE
    try:
        _make_private_folder(settings.state_dir)
        _write_new(path, secrets.token_urlsafe(18) + "\n")
        if path.stat().st_mode & ~_OWNER_ONLY & 0o777:
            path.chmod(_OWNER_ONLY)
        password = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            "STATE_DIR", str(settings.state_dir), f"the dashboard's password can't be kept: {error}"
        ) from error
    try:
        check_password(password)
    except ConfigError as error:
        raise ConfigError(str(path), None, "too weak or empty; remove the file to have a new password made") from error
    return password


def new_login_link(settings: WebSettings) -> str:
    """Return an address that logs in once, within an hour; an older one stops working."""
    token = secrets.token_urlsafe(32)
    path = settings.state_dir / LINK_FILE
    try:
        _make_private_folder(settings.state_dir)
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        _write_new(fresh, _digest(token).hex())
        fresh.replace(path)
    except OSError as error:
        raise ConfigError("STATE_DIR", str(settings.state_dir), f"the login link can't be kept: {error}") from error
    return f"{settings.base_url}/login?token={token}"


def use_login_link(settings: WebSettings, token: str, now: datetime) -> bool:
    """Return whether `token` is the one of the newest link, made within the last hour, and make it worthless.

    The digest is in a file, so that the link can be made by another process than the one that serves it.
    """
    path = settings.state_dir / LINK_FILE
    try:
        if now.timestamp() - path.stat().st_mtime > LINK_LASTS_S:
            return False
        kept = path.read_text(encoding="ascii").strip()
        if not hmac.compare_digest(_digest(token).hex(), kept):
            return False
        # Of two requests with the same link only one can remove the file.
        path.unlink()
    except (OSError, UnicodeDecodeError):
        return False
    return True


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _make_private_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _write_new(path: Path, content: str) -> None:
    """Write a file that only its owner may read, unless it is there already."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
