"""What may stand in a log line: no secret, no whole account id, no control character."""

from __future__ import annotations

import re
from collections.abc import Mapping

from trading.model.account import mask_accounts

# C0, DEL, C1, line and paragraph separators, and what turns the direction of text round.
_CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]")
_SECRET_WORDS = ("password", "secret", "token", "cookie", "authorization", "session_id")
HIDDEN = "***"


def clean_text(text: str, account_id: str = "") -> str:
    """Return the text with account ids masked (`account_id` however written) and control characters spelled out."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", mask_accounts(text, account_id))


def clean_field(name: str, value: object, account_id: str = "") -> object:
    """Return one field of a line, with everything inside it cleaned; what a secret's name goes with is hidden."""
    if any(word in name.lower() for word in _SECRET_WORDS):
        return HIDDEN
    return _clean(value, account_id)


def _clean(value: object, account_id: str) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {
            clean_text(str(key), account_id): clean_field(str(key), item, account_id) for key, item in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item, account_id) for item in value]
    return clean_text(str(value), account_id)
