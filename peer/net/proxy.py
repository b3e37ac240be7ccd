"""Proxies on the way to TURN servers over TCP and TLS: HTTP CONNECT and SOCKS5."""

import errno
import importlib
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from peer.ice import TransportAddress

SCHEMES = ("http", "socks5")
RESOLVE_WITHIN = 5.0
"""Seconds for finding the proxy itself."""

Resolve = Callable[[str, int, float], Awaitable[list[TransportAddress]]]


class Proxy:
    """An HTTP proxy that knows CONNECT (RFC 9110 §9.3.6), or a SOCKS5 proxy (RFC 1928, RFC 1929).

    `url` is ``http://host:port`` or ``socks5://host:port``, with ``user:password@`` before the host
    if the proxy wants that. The proxy is told the addresses of servers, not their names. Raises
    ValueError for other URLs, and ImportError without the extra ``aiopeer[proxy]``.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in SCHEMES or not parts.hostname or parts.port is None:
            raise ValueError("a proxy is http://host:port or socks5://host:port")
        try:
            self._library: Any = importlib.import_module("python_socks.async_.asyncio")
        except ImportError:
            raise ImportError("proxies need python-socks: pip install aiopeer[proxy]") from None
        self._parts = parts
        self._host: str = parts.hostname
        self._port: int = parts.port

    def __repr__(self) -> str:
        return f"<Proxy {self._parts.scheme}://{self._host}:{self._port}>"

    async def connect(
        self, remote: TransportAddress, *, local: str, resolve: Resolve
    ) -> socket.socket:
        """Open a connection to `remote` through the proxy, from the local address `local`.

        Raises OSError when the proxy cannot be reached or refuses, ResolutionError when it has no
        address.
        """
        found = await resolve(self._host, self._port, RESOLVE_WITHIN)
        usable = [each.host for each in found if (":" in each.host) is (":" in local)]
        if not usable:
            raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))
        proxy = self._library.Proxy.from_url(self._url_at(usable[0]))
        try:
            connected: socket.socket = await proxy.connect(*remote, local_addr=(local, 0))
        except OSError:
            raise
        except Exception as error:
            # The library's own errors, and whatever nonsense of a proxy makes it stumble.
            raise OSError(f"the proxy: {error}") from None
        return connected

    def _url_at(self, host: str) -> str:
        credentials, at, _ = self._parts.netloc.rpartition("@")
        literal = f"[{host}]" if ":" in host else host
        return urlunsplit(self._parts._replace(netloc=f"{credentials}{at}{literal}:{self._port}"))
