"""What the trading process writes is for its owner's eyes: folders, databases and logs, old ones too."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from trading.config import Settings

OTHERS = 0o077


def keep_private(settings: Settings) -> None:
    """Close the system's folders and their files to others, and whatever this process makes from here on.

    What belongs to another user stays as it is, and so does a folder that is shared on purpose, such as /tmp.
    """
    os.umask(OTHERS)
    for place in _places(settings):
        with suppress(OSError):
            found = place.lstat()
            shared = stat.S_ISLNK(found.st_mode) or found.st_mode & stat.S_ISVTX or found.st_uid != os.geteuid()
            if not shared and found.st_mode & OTHERS:
                place.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)


def _places(settings: Settings) -> Iterator[Path]:
    """Give the folders and what lies in them; not below, where other programs keep theirs."""
    if settings.simulated:
        yield settings.state_dir.parent
    for folder in (settings.state_dir, settings.log_dir):
        yield folder
        try:
            yield from sorted(folder.iterdir())
        except OSError:
            continue
