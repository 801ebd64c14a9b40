"""Whether a trading process that starts has to tell that nobody traded before: the one before it died or hung."""

from __future__ import annotations

from datetime import datetime, timedelta

from trading.model.notice import News, NoticeCode

# A restart by start.sh takes less, and says so in the log.
LEAST = timedelta(seconds=20)


def silence(last_sign: datetime | None, stopped: str, now: datetime) -> News | None:
    """Return what is to be told of the time since the last sign of life, None where all was well; times are real.

    `stopped` says when the process before ended because somebody asked for it, empty where it did not.
    """
    if last_sign is None or stopped or now - last_sign < LEAST:
        return None
    text = (
        f"The trading process was silent from {_second(last_sign)} to {_second(now)}: it had died or hung, and runs "
        "again. Stops stayed at the broker; the end of logs/trading.log before that time says more"
    )
    return News(f"silent {last_sign.isoformat()}", 1, NoticeCode.SILENT, text, since=last_sign, told=now, over=now)


def _second(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
