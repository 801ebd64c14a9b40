from __future__ import annotations

import os
from pathlib import Path

import pytest

from trading.store.files_in_use import FileInUse, first_lost, in_use


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "state" / "file"
    path.parent.mkdir()
    path.write_text("ours")
    return path


def opened(path: Path) -> FileInUse:
    file = in_use(path, "put it back")
    assert file is not None
    return file


def test_file_that_is_written_emptied_or_linked_to_is_not_lost(path: Path) -> None:
    file = opened(path)
    with path.open("w") as content:
        content.write("more")
    os.truncate(path, 0)
    path.chmod(0o400)
    os.utime(path, (0, 0))
    os.link(path, path.with_name("another name"))
    assert file.lost() == ""


def test_deleted_file_is_lost_and_said_to_be(path: Path) -> None:
    file = opened(path)
    path.unlink()
    assert file.lost() == f"{path.name} was deleted or moved away while it was in use: put it back"


def test_moved_file_is_lost_until_it_is_moved_back(path: Path) -> None:
    file = opened(path)
    path.rename(path.with_name("elsewhere"))
    assert "moved away" in file.lost()
    path.with_name("elsewhere").rename(path)
    assert file.lost() == ""


def test_moved_folder_takes_its_files_along(path: Path) -> None:
    file = opened(path)
    path.parent.rename(path.parent.with_name("old"))
    assert "moved away" in file.lost()
    path.parent.mkdir()
    path.write_text("another's")
    assert "was replaced" in file.lost()


def test_copy_in_its_place_is_another_file(path: Path) -> None:
    file = opened(path)
    with path.open("rb"):  # as long as somebody has it open, no other file gets its number
        copy = path.with_name("copy")
        copy.write_text("ours")
        copy.replace(path)
        assert file.lost() == f"{path.name} was replaced while it was in use: put it back"


def test_symbolic_link_counts_for_what_it_leads_to(path: Path) -> None:
    link = path.with_name("link")
    link.symlink_to(path)
    file = opened(link)
    assert file.lost() == ""
    path.unlink()
    assert "deleted" in file.lost()


def test_what_can_not_be_looked_at_is_not_taken_for_there(path: Path) -> None:
    file = opened(path)
    path.unlink()
    path.parent.rmdir()
    path.parent.write_text("no folder")
    assert file.lost() == f"{path.name} can't be looked at (Not a directory): put it back"


def test_nothing_is_in_use_where_there_is_nothing(tmp_path: Path) -> None:
    assert in_use(tmp_path / "file", "") is None


def test_first_that_is_lost_is_told(path: Path) -> None:
    other = path.with_name("other")
    other.write_text("")
    files = (opened(path), opened(other))
    assert first_lost(()) == first_lost(files) == ""
    other.unlink()
    assert first_lost(files).startswith(f"{other.name} was deleted")
    path.unlink()
    assert first_lost(files).startswith(f"{path.name} was deleted")
