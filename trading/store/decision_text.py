"""Decisions as JSON: how they are kept, and how they come back."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import msgspec

from trading.errors import InvariantBroken
from trading.model.decision import Decision, SymbolVerdict


def encode_decision(decision: Decision) -> str:
    """Return a decision as JSON without its verdicts, which are rows of their own."""
    return msgspec.json.encode(replace(decision, verdicts=())).decode()


def encode_verdict(verdict: SymbolVerdict) -> str:
    """Return a verdict as JSON; a measured value that is no finite number counts as undefined and is left out."""
    finite = {name: value for name, value in verdict.values.items() if math.isfinite(value)}
    return msgspec.json.encode(replace(verdict, values=finite)).decode()


def decode_decision(body: str, verdicts: Iterable[str]) -> Decision:
    """Put a decision and its verdicts together again.

    Raises: InvariantBroken, they can't be read.
    """
    try:
        decision = msgspec.json.decode(body, type=Decision)
        return replace(
            decision, verdicts=tuple(msgspec.json.decode(verdict, type=SymbolVerdict) for verdict in verdicts)
        )
    except msgspec.MsgspecError as error:
        raise InvariantBroken("corrupt", f"the last decision can't be read: {error}") from error
