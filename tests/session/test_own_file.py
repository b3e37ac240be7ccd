"""Files that are their owner's alone, shared by name, bounded."""

import os
from pathlib import Path
from unittest.mock import patch

import pytest

from peer.session.own_file import OwnFile


class Other(OwnFile):
    """A file of another kind."""


def own(path: Path, room: int = 100) -> OwnFile:
    return OwnFile.shared(path, lambda named: OwnFile(named, room), ".txt")


def test_who_names_the_same_file_shares_it_until_nobody_uses_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    one, other = own(path), own(path)
    assert one is other
    one.put(b"1")
    one.let_go()
    other.put(b"2")
    other.let_go()
    assert path.read_bytes() == b"12"
    assert path.stat().st_mode & 0o777 == 0o600
    other.put(b"3")
    own(path).let_go()
    assert path.read_bytes() == b"", "who comes later writes over it"


def test_in_a_folder_a_process_has_one_of_its_own(tmp_path: Path) -> None:
    one, other = own(tmp_path), own(tmp_path)
    assert one is other
    one.let_go()
    other.let_go()
    (file,) = tmp_path.iterdir()
    assert file.suffix == ".txt"


def test_a_process_that_was_forked_has_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would write over the one of its parent."""
    one = own(tmp_path)
    monkeypatch.setattr(os, "getpid", lambda: 1)
    other = own(tmp_path)
    assert one is not other
    one.put(b"parent")
    other.put(b"child")
    one.let_go()
    other.let_go()
    assert {each.read_bytes() for each in tmp_path.iterdir()} == {b"parent", b"child"}


def test_one_file_is_of_one_kind(tmp_path: Path) -> None:
    path = tmp_path / "file"
    one = own(path)
    with pytest.raises(FileExistsError):
        Other.shared(path, lambda named: Other(named, 100), "")
    one.put(b"goes on")
    one.let_go()
    assert path.read_bytes() == b"goes on"


def test_beyond_its_bound_nothing_more_is_written(tmp_path: Path) -> None:
    path = tmp_path / "file"
    one = own(path, 10)
    for data, full in ((b"12345", False), (b"123456", True), (b"1", True)):
        one.put(data)
        assert one.full is full
    one.let_go()
    assert path.read_bytes() == b"12345"


def test_a_disk_that_fails_ends_the_writing(tmp_path: Path) -> None:
    one = own(tmp_path / "file")
    with one._file, patch.object(one, "_file", FullDisk()):
        one.put(b"1")
        assert one.full
        one.put(b"2")
        one.let_go()


class FullDisk:
    """A file that cannot be written to."""

    closed = False

    def write(self, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    def close(self) -> None:
        self.closed = True


def test_a_file_that_cannot_be_kept_from_others_is_not_used(tmp_path: Path) -> None:
    with patch("os.fchmod", side_effect=PermissionError), pytest.raises(PermissionError):
        own(tmp_path / "file")
    own(tmp_path / "file").let_go()
