"""Browsers that were logged in before: a cookie that opens nothing, but has its own attempts at the password.

It is signed with a key that stays in the state folder, so nobody can make one up and no list of them is kept.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

KEY_FILE = "dashboard_device_key"
LASTS_S = 400 * 24 * 3600
"""the longest that browsers keep a cookie; each login starts it anew"""
_KEY_BYTES = 32
_OWNER_ONLY = 0o600
_COOKIE = re.compile(r"([0-9a-f]{32})\.([0-9a-f]{64})")


class Devices:
    """Makes and checks the cookies."""

    def __init__(self, key: bytes) -> None:
        """Sign with `key`."""
        self._key = key

    def cookie(self, device: str | None) -> str:
        """Return the cookie of a device, or of a new one."""
        name = secrets.token_hex(16) if device is None else device
        return f"{name}.{self._signature(name)}"

    def find(self, cookies: list[str]) -> str | None:
        """Return the id of the first cookie that was made here, None where none was."""
        for cookie in cookies:
            match = _COOKIE.fullmatch(cookie)
            if match is not None and hmac.compare_digest(self._signature(match[1]), match[2]):
                return match[1]
        return None

    def _signature(self, name: str) -> str:
        return hmac.new(self._key, name.encode("ascii"), hashlib.sha256).hexdigest()


def load_or_make_key(folder: Path) -> bytes:
    """Return the key of the state folder, made at the first start.

    Where it can't be kept, or what is kept is no key, the key lasts until the next start: browsers of before are then
    strangers, which is no reason not to start.
    """
    path = folder / KEY_FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        except FileExistsError:
            path.chmod(_OWNER_ONLY)
        else:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_hex(_KEY_BYTES))
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        key = b""
    return key if len(key) == _KEY_BYTES else secrets.token_bytes(_KEY_BYTES)
