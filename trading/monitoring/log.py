"""The log: JSON lines for programs in logs/trading.log, aligned lines for people on the console.

Nothing in here stops or holds up trading: see `sinks`. Every line passes `redaction`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import MutableMapping
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from pathlib import Path
from typing import TextIO

import structlog

from trading.model.account import mask_accounts
from trading.monitoring.redaction import clean_field
from trading.monitoring.sinks import Console, LogFile, Sink

LOG_NAME = "trading.log"
EVENT_WIDTH = 32
# Shown before the other fields on the console, so that the eye finds them in one place.
_FIRST_FIELDS = ("symbol", "coid", "cycle")
_COLOURS = {"debug": "\x1b[2m", "info": "", "warning": "\x1b[33m", "error": "\x1b[31m", "critical": "\x1b[31;1m"}
_RESET = "\x1b[0m"

Event = MutableMapping[str, object]


class TradingLog:
    """Owns the sinks; made once by the process that logs, closed at its end."""

    def __init__(
        self,
        folder: Path | None,
        console: TextIO | None,
        *,
        colour: bool = False,
        level: int = logging.INFO,
        account_id: str = "",
    ) -> None:
        """Send structlog's lines, and libraries' warnings, to a file in `folder` and to `console`; None leaves one out.

        A file that can't be made stops nothing: the lines are on the console, and each one is tried anew. `account_id`
        is hidden however others write it.
        """
        self._account_id = account_id
        self._file: Sink | None = None
        if folder is not None:
            with suppress(OSError):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = Sink(LogFile(folder / LOG_NAME), "file")
        self._console = None if console is None else Sink(Console(console), "console")
        self._colour = colour
        structlog.configure(
            processors=[
                structlog.contextvars.merge_contextvars,
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,
                self._redact,
                self._emit,
            ],
            wrapper_class=structlog.make_filtering_bound_logger(level),
            cache_logger_on_first_use=False,
        )
        self._forward = _Forward(logging.WARNING)
        logging.getLogger().addHandler(self._forward)

    def close(self) -> None:
        """Write what is queued, for at most two seconds a sink, and detach."""
        logging.getLogger().removeHandler(self._forward)
        structlog.reset_defaults()
        for sink in (self._file, self._console):
            if sink is not None:
                sink.close()

    def _redact(self, _logger: object, _method: str, event: Event) -> Event:
        """Clean every field; the traceback keeps its lines, which JSON escapes."""
        exception = event.pop("exception", None)
        cleaned: Event = {name: clean_field(name, value, self._account_id) for name, value in event.items()}
        if exception is not None:
            cleaned["exception"] = mask_accounts(str(exception), self._account_id)
        return cleaned

    def _emit(self, _logger: object, _method: str, event: Event) -> str:
        if self._file is not None:
            self._file.write(json_line(event))
        if self._console is not None:
            self._console.write(console_line(event, colour=self._colour))
        raise structlog.DropEvent


def get_logger(**fields: object) -> structlog.typing.FilteringBoundLogger:
    """Return a logger with fields bound; it fits `trading.ports.Log`."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(**fields)
    return logger


def bound(**fields: object) -> AbstractContextManager[None]:
    """Bind fields (cycle, symbol, coid) to every line that is logged in the block by this thread."""
    return structlog.contextvars.bound_contextvars(**fields)


def json_line(event: Event) -> str:
    """Return one line of trading.log: timestamp, level and event first."""
    first = {key: event[key] for key in ("timestamp", "level", "event") if key in event}
    return json.dumps({**first, **event}, ensure_ascii=False, default=str)


def console_line(event: Event, *, colour: bool) -> str:
    """Return one line for people: local time, level, event, then the fields."""
    rest = {key: value for key, value in event.items() if key not in {"timestamp", "level", "event", "exception"}}
    names = [name for name in _FIRST_FIELDS if name in rest] + [name for name in rest if name not in _FIRST_FIELDS]
    fields = "  ".join(f"{name}={_shown(rest[name])}" for name in names)
    level = str(event.get("level", "info"))
    text = f"{_clock(str(event.get('timestamp', '')))} {level:<7} {event.get('event', '')!s:<{EVENT_WIDTH}} {fields}"
    exception = str(event.get("exception", "")).strip()
    if exception:
        text = f"{text.rstrip()}  {exception.splitlines()[-1]}"
    paint = _COLOURS.get(level, "") if colour else ""
    return f"{paint}{text.rstrip()}{_RESET}" if paint else text.rstrip()


def _clock(timestamp: str) -> str:
    """Return the local time of day of a UTC time stamp."""
    try:
        return datetime.fromisoformat(timestamp).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return "--:--:--"


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return f'"{text}"' if " " in text else text


class _Forward(logging.Handler):
    """Takes the warnings of libraries into the log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log a record under one constant event."""
        get_logger().warning("library warning", library=record.name, text=record.getMessage())
