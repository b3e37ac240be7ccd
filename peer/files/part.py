"""A file that is being received, and what was kept of it before."""

import shutil
import threading
import weakref
from pathlib import Path
from typing import BinaryIO, ClassVar

from .protocol import BLOCK, Digest, TransferError

RESERVE = 64 << 20
"""Octets of the disk that stay free."""
MOST_NAMESAKES = 1000
"""Files of one name, told apart by a number."""


class Part:
    """The part that is there of a file, beside the place where it will be; for one thread.

    A file of that name and size that is there already may be the one, and counts as a part. A part
    that is received anew, over another connection, is taken from who held it, who changes nothing
    of it from then on. Raises TransferError where the disk has no room, OSError for what the system
    says.
    """

    _held: ClassVar[weakref.WeakValueDictionary[Path, "Part"]] = weakref.WeakValueDictionary()
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, folder: Path, name: str, size: int) -> None:
        self._place = folder / name
        self._path = folder / f".{name}.{size}.part"
        self._size = size
        self._file: BinaryIO | None = None
        self._using = threading.Lock()
        self.octets = 0
        self.digest = Digest()
        with self._using:
            self._take_over()
            whole = self._place.is_file() and self._place.stat().st_size == size
            self._there = self._place if whole else self._path
            self._read()
        if shutil.disk_usage(folder).free - (size - self.octets) < RESERVE:
            raise TransferError("there is no room for the file")

    def _take_over(self) -> None:
        """Hold the part; what another one is writing is there when this returns."""
        with self._lock:
            former = self._held.get(self._path)
            self._held[self._path] = self
        if former is not None:
            former.close()

    def _check_held(self) -> None:
        if self._held.get(self._path) is not self:
            raise TransferError("the file is being received anew")

    def _read(self) -> None:
        """Find what is there; of a part the whole blocks count."""
        if not self._there.is_file():
            return
        left = min(self._there.stat().st_size, self._size)
        if left < self._size:
            left -= left % BLOCK
        with self._there.open("rb") as file:
            while left and (block := file.read(min(BLOCK, left))):
                self.digest.update(block)
                self.octets += len(block)
                left -= len(block)

    def begin(self, octets: int) -> None:
        """Go on behind what is there, or with nothing; raises TransferError as `write`."""
        with self._using:
            self._check_held()
            if octets != self.octets:
                self.octets, self.digest = 0, Digest()
                self._there = self._path
            if self._there == self._path:
                self._file = self._path.open("r+b" if self._path.exists() else "w+b")
                self._file.truncate(self.octets)
                self._file.seek(self.octets)

    def write(self, data: bytes) -> None:
        """Keep more of it; raises TransferError for more than its size, and when it was taken."""
        with self._using:
            self._check_held()
            if self._file is None or self.octets + len(data) > self._size:
                raise TransferError("the file is longer than was said")
            self._file.write(data)
            self.digest.update(data)
            self.octets += len(data)

    def finish(self, digest: object) -> Path:
        """Give the file its place, under a name that is free.

        Raises TransferError, and forgets the part, unless it is whole and has this digest; and when
        it was taken.
        """
        with self._using:
            self._check_held()
            return self._finish(digest)

    def _finish(self, digest: object) -> Path:
        if self.octets != self._size:
            raise TransferError("the file is shorter than was said")
        self._close_file()
        if self._there == self._place:
            return self._place
        if self.digest.hexdigest() != digest:
            self._path.unlink()
            raise TransferError("the file is not as it was sent")
        stem, suffix = self._place.stem, self._place.suffix
        with self._lock:  # Else another one could find the same name free.
            for number in range(MOST_NAMESAKES):
                name = f"{stem} ({number}){suffix}" if number else self._place.name
                place = self._place.with_name(name)
                if not place.exists():
                    return self._path.rename(place)
        raise TransferError(f"there are {MOST_NAMESAKES} files of that name")

    def close(self) -> None:
        """Leave it; what is there stays, to go on with."""
        with self._using:
            self._close_file()
        with self._lock:
            if self._held.get(self._path) is self:
                del self._held[self._path]

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
