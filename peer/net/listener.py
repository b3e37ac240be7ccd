"""Listening for the connections of active candidates (RFC 6544 §6.2)."""

import asyncio
import socket
from collections.abc import Callable
from ipaddress import ip_address

from .exhaustion import is_exhausted

BATCH = 16
"""Connections accepted at one wake-up."""
BACKLOG = 64
PAUSE = 1.0
"""Seconds for which nobody is accepted when the system has no room for another connection."""


class Listener:
    """A TCP socket that listens on one local address; `accepted` takes over each connection.

    `port` 0 stands for any. Raises OSError when the address cannot be bound or the port is taken,
    NotImplementedError on loops that cannot watch sockets.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        host: str,
        accepted: Callable[[socket.socket], object],
        port: int = 0,
    ) -> None:
        family = socket.AF_INET if ip_address(host).version == 4 else socket.AF_INET6
        self._loop = loop
        self._accepted = accepted
        self._resume: asyncio.TimerHandle | None = None
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        try:
            self._socket.setblocking(False)
            if port:
                # Connections of a listener before this one may still be on their way out.
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind((host, port))
            self._socket.listen(BACKLOG)
            self._listen()
        except BaseException:
            self._socket.close()
            raise
        self.address: tuple[str, int] = self._socket.getsockname()[:2]

    def _accept(self) -> None:
        for _ in range(BATCH):
            try:
                connection, _ = self._socket.accept()
            except OSError as error:
                if is_exhausted(error):
                    self._pause()
                # Else nobody waits any more, or who did is gone already.
                return
            connection.setblocking(False)
            self._accepted(connection)

    def _pause(self) -> None:
        """Leave those who wait alone for a while: until then they keep the socket readable."""
        self._loop.remove_reader(self._socket.fileno())
        self._resume = self._loop.call_later(PAUSE, self._listen)

    def _listen(self) -> None:
        self._resume = None
        self._loop.add_reader(self._socket.fileno(), self._accept)

    def close(self) -> None:
        """Stop listening, at once. Calling it again does nothing."""
        if self._resume is not None:
            self._resume.cancel()
            self._resume = None
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()

    async def wait_closed(self) -> None:
        """Return: nothing of it is in the loop."""
