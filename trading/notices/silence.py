"""Whether a trading process that starts has to tell that nobody traded before: the one before it died or hung."""

from __future__ import annotations

from datetime import datetime, timedelta

from trading.model.notice import News, NoticeCode

# A restart by start.sh takes less, and says so in the log.
LEAST = timedelta(seconds=20)


def silence(
    last_sign: datetime | None, stopped: str, now: datetime, stuck: tuple[str, float] | None = None, bare: int = 0
) -> News | None:
    """Return what is to be told of the time since the last sign of life, None where all was well; times are real.

    `stopped` says when the process before ended because somebody asked for it, empty where it did not. `stuck` is the
    step that its loop was stuck in and for how many seconds, None where it went on. `bare` are the shares that were
    known to have no stop.
    """
    if last_sign is None or stopped:
        return None
    stops = "Stops stayed at the broker" + (f", but {bare} shares had none" if bare else "")
    if stuck is not None:
        step, seconds = stuck
        since = last_sign - timedelta(seconds=seconds)
        text = (
            f'The trading loop was stuck from {_second(since)} to {_second(now)} (its step "{step}"); the process was '
            f"ended and runs again. {stops}; logs/trading.log says more"
        )
        return _told(since, text, now)
    if now - last_sign < LEAST:
        return None
    text = (
        f"The trading process was silent from {_second(last_sign)} to {_second(now)}: it had died or hung, and runs "
        f"again. {stops}; the end of logs/trading.log before that time says more"
    )
    return _told(last_sign, text, now)


def _told(since: datetime, text: str, now: datetime) -> News:
    return News(f"silent {since.isoformat()}", 1, NoticeCode.SILENT, text, since=since, told=now, over=now)


def _second(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
