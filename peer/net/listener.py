"""Listening for the connections of active candidates (RFC 6544 §6.2)."""

import asyncio
import socket
from collections.abc import Callable
from ipaddress import ip_address

BATCH = 16
"""Connections accepted at one wake-up."""
BACKLOG = 64


class Listener:
    """A TCP socket that listens on one local address; `accepted` takes over each connection.

    Raises OSError when the address cannot be bound, NotImplementedError on loops that cannot
    watch sockets.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        host: str,
        accepted: Callable[[socket.socket], object],
    ) -> None:
        family = socket.AF_INET if ip_address(host).version == 4 else socket.AF_INET6
        self._loop = loop
        self._accepted = accepted
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        try:
            self._socket.setblocking(False)
            self._socket.bind((host, 0))
            self._socket.listen(BACKLOG)
            loop.add_reader(self._socket.fileno(), self._accept)
        except BaseException:
            self._socket.close()
            raise
        self.address: tuple[str, int] = self._socket.getsockname()[:2]

    def _accept(self) -> None:
        for _ in range(BATCH):
            try:
                connection, _ = self._socket.accept()
            except OSError:
                # Nobody waits any more, or who did is gone already.
                return
            connection.setblocking(False)
            self._accepted(connection)

    def close(self) -> None:
        """Stop listening, at once. Calling it again does nothing."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
