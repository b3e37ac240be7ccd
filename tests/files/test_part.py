"""Parts of files, and the room there is for them."""

from pathlib import Path

import pytest

from peer.files.part import RESERVE, Part
from peer.files.protocol import BLOCK, Digest, TransferError


def digest_of(data: bytes) -> str:
    digest = Digest()
    digest.update(data)
    return digest.hexdigest()


def test_whole_blocks_are_kept(tmp_path: Path) -> None:
    data = bytes(range(256)) * (BLOCK // 100)
    first = Part(tmp_path, "it", len(data))
    first.begin(0)
    first.write(data[: BLOCK + 10])
    first.close()

    again = Part(tmp_path, "it", len(data))
    assert (again.octets, again.digest.hexdigest()) == (BLOCK, digest_of(data[:BLOCK]))
    again.begin(BLOCK)
    again.write(data[BLOCK:])
    assert again.finish(digest_of(data)).read_bytes() == data
    again.close()


def test_a_part_is_received_by_one(tmp_path: Path) -> None:
    old = Part(tmp_path, "it", 3)
    old.begin(0)
    new = Part(tmp_path, "it", 3)
    new.begin(0)
    with pytest.raises(TransferError, match="anew"):
        old.write(b"abc")
    old.close()
    new.write(b"abc")
    assert new.finish(digest_of(b"abc")).read_bytes() == b"abc"
    new.close()


def test_who_lost_a_part_changes_nothing_of_it(tmp_path: Path) -> None:
    size = 2 * BLOCK
    data, other = b"a" * size, b"b" * BLOCK
    asked = Part(tmp_path, "it", size)
    writing = Part(tmp_path, "it", size)
    writing.begin(0)
    writing.write(other)
    new = Part(tmp_path, "it", size)
    # All that was written is there, and nothing comes after it.
    assert (new.octets, new.digest.hexdigest()) == (BLOCK, digest_of(other))
    new.begin(0)
    new.write(data[:BLOCK])
    with pytest.raises(TransferError, match="anew"):
        asked.begin(0)
    for one in (asked, writing):
        one.close()
    new.write(data[BLOCK:])
    assert new.finish(digest_of(data)).read_bytes() == data
    new.close()


def test_who_lost_a_part_does_not_finish_it(tmp_path: Path) -> None:
    old = Part(tmp_path, "it", 3)
    old.begin(0)
    old.write(b"abc")
    new = Part(tmp_path, "it", 3)
    new.begin(0)
    with pytest.raises(TransferError, match="anew"):
        old.finish(digest_of(b"abc"))
    old.close()
    assert not (tmp_path / "it").exists()
    new.close()


def test_a_disk_keeps_some_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = RESERVE + 99

    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage)
    Part(tmp_path, "it", 99).close()
    with pytest.raises(TransferError, match="room"):
        Part(tmp_path, "it", 100)


def test_what_is_damaged_is_forgotten(tmp_path: Path) -> None:
    part = Part(tmp_path, "it", 3)
    part.begin(0)
    part.write(b"abc")
    with pytest.raises(TransferError, match="not as it was sent"):
        part.finish(digest_of(b"abd"))
    part.close()
    assert list(tmp_path.iterdir()) == []


def test_what_is_short_or_long_is_told(tmp_path: Path) -> None:
    part = Part(tmp_path, "it", 3)
    part.begin(0)
    part.write(b"ab")
    with pytest.raises(TransferError, match="shorter"):
        part.finish(digest_of(b"ab"))
    with pytest.raises(TransferError, match="longer"):
        part.write(b"cd")
    part.close()


def test_namesakes_get_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peer.files.part.MOST_NAMESAKES", 2)
    names = []
    for data in (b"abc", b"abd"):
        part = Part(tmp_path, "it.txt", 3)
        part.begin(0)
        part.write(data)
        names.append(part.finish(digest_of(data)).name)
        part.close()
    assert names == ["it.txt", "it (1).txt"]
    part = Part(tmp_path, "it.txt", 3)
    part.begin(0)
    part.write(b"abe")
    with pytest.raises(TransferError, match="2 files"):
        part.finish(digest_of(b"abe"))
    part.close()
