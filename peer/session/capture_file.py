"""The files that connections write their packets to, with the keys: one for all that name it."""

import asyncio
import os
from pathlib import Path

from peer.net import wall_time
from peer.trace import CaptureWriter

from .own_file import OwnFile

MAX_FILE = 1 << 26
"""Bytes after which nothing more is written to a file."""

Address = tuple[str, int]


class CaptureFile(OwnFile):
    """A file with what goes through sockets, and with what DTLS and SRTP protect beside it.

    What an iteration of the loop brings is written together, keys first: who reads the file
    needs them before what they decrypt.
    """

    def __init__(self, path: Path, *, whole: bool = False) -> None:
        super().__init__(path, MAX_FILE)
        self._writer = CaptureWriter(whole=whole)
        self._secrets: list[bytes] = []
        self._packets: list[bytes] = []
        self._soon: asyncio.Handle | None = None
        self.put(self._writer.head())

    # peer.net.Tap

    def datagram(self, data: bytes, local: Address, remote: Address, *, leaves: bool) -> None:
        """Write a datagram."""
        shown = self._writer.datagram(wall_time(), data, local, remote, leaves=leaves)
        self._add(self._packets, shown)

    def stream(self, data: bytes, local: Address, remote: Address, *, leaves: bool) -> None:
        """Write a part of a stream."""
        shown = self._writer.stream(wall_time(), data, local, remote, leaves=leaves)
        self._add(self._packets, shown)

    # peer.transports.Onlooker

    def keys(self, client_random: bytes, master_secret: bytes) -> None:
        """Write the secrets of an association."""
        self._add(self._secrets, self._writer.secrets(client_random, master_secret))

    def records(self, datagram: bytes, association: int, *, leaves: bool) -> None:
        """Write a datagram of DTLS."""
        shown = self._writer.records(wall_time(), datagram, association, leaves=leaves)
        self._add(self._packets, shown)

    def data(self, message: bytes, *, leaves: bool) -> None:
        """Write a packet of SCTP."""
        self._add(self._packets, self._writer.data(wall_time(), message, leaves=leaves))

    def media(self, packet: bytes, association: int, *, control: bool, leaves: bool) -> None:
        """Write a packet of RTP or RTCP."""
        now, writer = wall_time(), self._writer
        shown = writer.media(now, packet, association, control=control, leaves=leaves)
        self._add(self._packets, shown)

    def _add(self, waiting: list[bytes], block: bytes) -> None:
        if not self.full:
            waiting.append(block)
            if self._soon is None:
                self._soon = asyncio.get_running_loop().call_soon(self._write)

    def _write(self) -> None:
        self._soon = None
        blocks = (*self._secrets, *self._packets)
        self._secrets.clear()
        self._packets.clear()
        self.put(b"".join(blocks))

    def close(self) -> None:
        """Nothing more comes of a connection; the last one that writes to it closes the file."""
        if self._soon is not None:
            self._soon.cancel()
            self._write()
        self.let_go()


def capture_file(path: str | os.PathLike[str], *, whole: bool) -> CaptureFile:
    """Open a file for one more connection, or one of its own name in a folder.

    A file of before is written over; one that is open stays `whole` or not. Raises OSError when
    it cannot be written.
    """
    return CaptureFile.shared(path, lambda named: CaptureFile(named, whole=whole), ".pcapng")
