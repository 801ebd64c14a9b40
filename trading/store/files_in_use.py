"""Whether a file that this process has open is still the one that people, and the next start, find at its path.

Unix lets a file be deleted, moved or replaced while it is open: whoever has it open goes on in it, unseen.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FileInUse:
    """A file as it was when it was opened; as long as it is open, no other one has its device and inode."""

    path: Path
    device: int
    inode: int
    then: str
    """what follows, and what a person does, once the path leads elsewhere"""

    def lost(self) -> str:
        """Return what became of the file, empty while its path leads to it; one that is moved back is there again.

        Anybody may read it: the folder, which may have a person's name or an account's, is not told.
        """
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            return f"{self.path.name} was deleted or moved away while it was in use: {self.then}"
        except OSError as error:
            return f"{self.path.name} can't be looked at ({error.strerror}): {self.then}"
        if (found.st_dev, found.st_ino) != (self.device, self.inode):
            return f"{self.path.name} was replaced while it was in use: {self.then}"
        return ""


def in_use(path: Path, then: str) -> FileInUse | None:
    """Return the file at `path`, which the caller has open; None where none is.

    Raises: OSError, it can't be looked at.
    """
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return FileInUse(path, found.st_dev, found.st_ino, then)


def first_lost(files: tuple[FileInUse, ...]) -> str:
    """Return what became of the first of `files` that its path does not lead to any more, empty for none."""
    return next((text for file in files if (text := file.lost())), "")
