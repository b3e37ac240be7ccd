"""Noticing that the addresses of this machine have changed.

On Linux the kernel says so (rtnetlink(7)): one socket for all drivers of a loop, whose messages
are taken as a sign to look, whatever they say. Elsewhere, and where there is no such socket, the
addresses are looked at every two seconds, once for all drivers.
"""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Callable
from typing import Protocol
from weakref import ReferenceType, WeakKeyDictionary, ref

from .address_cache import shared

GROUPS = 0x1 | 0x10 | 0x100
"""RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR."""
SETTLE = 0.02
"""Seconds in which what changes together is looked at together."""
POLL = 2.0
"""Seconds between looks where the system tells nothing."""
_MESSAGE = 65536

Changed = Callable[[], object]
"""Called when the addresses may be others."""


class Watch(Protocol):
    """Somebody being told of changes."""

    def close(self) -> None:
        """Tell no more."""


class Watcher:
    """Tells everybody on one loop; it has a socket or a timer only while somebody listens."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._listeners: dict[object, Changed] = {}
        self._socket: socket.socket | None = None
        self._timer: asyncio.TimerHandle | None = None

    def add(self, changed: Changed) -> "Listening":
        """Tell `changed` from now on."""
        listening = Listening(self)
        if not self._listeners:
            self._open()
        self._listeners[listening] = changed
        return listening

    def remove(self, listening: "Listening") -> None:
        """Tell somebody no more."""
        if self._listeners.pop(listening, None) is not None and not self._listeners:
            self._close()

    def _open(self) -> None:
        self._socket = open_netlink()
        if self._socket is not None:
            try:
                self._loop.add_reader(self._socket.fileno(), self._readable)
                return
            except NotImplementedError:
                self._socket.close()
                self._socket = None
        self._timer = self._loop.call_later(POLL, self._tell)

    def _close(self) -> None:
        if self._socket is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _readable(self) -> None:
        assert self._socket is not None
        # Where more changed than the socket holds (ENOBUFS), something did change.
        with contextlib.suppress(OSError):
            while self._socket.recv(_MESSAGE):
                pass
        if self._timer is None:
            self._timer = self._loop.call_later(SETTLE, self._tell)

    def _tell(self) -> None:
        self._timer = None
        if self._socket is None:
            self._timer = self._loop.call_later(POLL, self._tell)
        else:
            shared.forget()
        for changed in list(self._listeners.values()):
            try:
                changed()
            except Exception as error:  # one program's mistake is not to keep it from the others
                what = {"message": "a change of addresses was not taken", "exception": error}
                self._loop.call_exception_handler(what)


class Listening:
    """One who is told by a `Watcher`."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def close(self) -> None:
        """Be told no more; calling it again does nothing."""
        self._watcher.remove(self)


def open_netlink() -> socket.socket | None:
    """Open a socket that becomes readable when interfaces or addresses change; None without."""
    if sys.platform != "linux":
        return None
    try:
        opened = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    except OSError:
        return None
    try:
        opened.setblocking(False)
        opened.bind((0, GROUPS))
    except OSError:
        opened.close()
        return None
    return opened


# Watchers know their loop, and would keep it here for ever: who listens keeps them.
_watchers: WeakKeyDictionary[asyncio.AbstractEventLoop, ReferenceType[Watcher]] = (
    WeakKeyDictionary()
)


def watch(changed: Changed) -> Listening:
    """Have `changed` called on the running loop when this machine's addresses may be others."""
    loop = asyncio.get_running_loop()
    kept = _watchers.get(loop)
    known = None if kept is None else kept()
    if known is None:
        known = Watcher(loop)
        _watchers[loop] = ref(known)
    return known.add(changed)
