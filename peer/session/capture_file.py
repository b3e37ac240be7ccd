"""The files that connections write their packets to, with the keys: one for all that name it."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from peer.net import wall_time
from peer.trace import CaptureWriter

from .own_file import OwnFile

MAX_FILE = 1 << 26
"""Bytes after which nothing more is written to a file."""
MAX_WAITING = 4096
"""Packets that wait for an iteration of the loop to end: one that was closed ends none."""

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
        self._is_due = False
        self.put(self._writer.head())

    # peer.net.Tap

    def datagram(self, data: bytes, local: Address, remote: Address, *, leaves: bool) -> None:
        """Write a datagram."""
        self._show(self._writer.datagram, data, local, remote, leaves=leaves)

    def stream(self, data: bytes, local: Address, remote: Address, *, leaves: bool) -> None:
        """Write a part of a stream."""
        self._show(self._writer.stream, data, local, remote, leaves=leaves)

    # peer.transports.Onlooker

    def keys(self, client_random: bytes, master_secret: bytes) -> None:
        """Write the secrets of an association."""
        self._add(self._secrets, self._writer.secrets(client_random, master_secret))

    def records(self, datagram: bytes, association: int, *, leaves: bool) -> None:
        """Write a datagram of DTLS."""
        self._show(self._writer.records, datagram, association, leaves=leaves)

    def data(self, message: bytes, *, leaves: bool) -> None:
        """Write a packet of SCTP."""
        self._show(self._writer.data, message, leaves=leaves)

    def media(self, packet: bytes, association: int, *, control: bool, leaves: bool) -> None:
        """Write a packet of RTP or RTCP."""
        self._show(self._writer.media, packet, association, control=control, leaves=leaves)

    def _show(self, write: Callable[..., bytes], *packet: object, **how: bool) -> None:
        with self.lock:
            if not self.full:
                self._add(self._packets, write(wall_time(), *packet, **how))

    def _add(self, waiting: list[bytes], block: bytes) -> None:
        with self.lock:
            if self.full:
                return
            waiting.append(block)
            if len(waiting) >= MAX_WAITING:
                self._write()
            elif not self._is_due:
                self._is_due = True
                asyncio.get_running_loop().call_soon(self._write)

    def _write(self) -> None:
        with self.lock:
            # Whose turn comes later, in whatever loop, finds nothing.
            self._is_due = False
            blocks = (*self._secrets, *self._packets)
            self._secrets.clear()
            self._packets.clear()
            if blocks:
                self.put(b"".join(blocks))

    def close(self) -> None:
        """Nothing more comes of a connection; the last one that writes to it closes the file."""
        self._write()
        self.let_go()


def capture_file(path: str | os.PathLike[str], *, whole: bool) -> CaptureFile:
    """Open a file for one more connection, or one of its own name in a folder.

    A file of before is written over; one that is open stays `whole` or not. Raises OSError when
    it cannot be written.
    """
    return CaptureFile.shared(path, lambda named: CaptureFile(named, whole=whole), ".pcapng")
