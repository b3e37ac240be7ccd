"""Remote candidates whose address is a ``.local`` name (mdns draft §3.2)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from peer.ice import Candidate, TransportAddress

from .mdns import Mdns, may_resolve

MAX_RESOLVING = 32
"""Names resolved at a time; a peer with more of them has the rest ignored."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """The remote generation a candidate came for: a restart makes it another."""

    stream: str
    number: int
    username_fragment: str | None


class RemoteNames:
    """Resolves names in the background: other candidates do not wait for them.

    `add` is given the candidate with its address. `tasks` are the resolutions under way.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        mdns: Callable[[], Mdns],
        add: Callable[[Epoch, Candidate], None],
    ) -> None:
        self._loop = loop
        self._mdns = mdns
        self._add = add
        self._pending: dict[asyncio.Task[None], Epoch] = {}
        self._after: dict[Epoch, Callable[[], None]] = {}

    @property
    def tasks(self) -> set[asyncio.Task[None]]:
        """The resolutions under way."""
        return set(self._pending)

    def resolve(self, epoch: Epoch, candidate: Candidate) -> None:
        """Resolve a candidate's name; one that is not a UUID's is ignored (draft §3.2.1)."""
        if may_resolve(candidate.address.host) and len(self._pending) < MAX_RESOLVING:
            task = self._loop.create_task(self._resolve(epoch, candidate))
            self._pending[task] = epoch
            task.add_done_callback(self._done)

    def when_done(self, epoch: Epoch, call: Callable[[], None]) -> None:
        """Call when no name of this generation is being resolved, at once if that is so."""
        if epoch in self._pending.values():
            self._after[epoch] = call
        else:
            call()

    async def _resolve(self, epoch: Epoch, candidate: Candidate) -> None:
        host = await self._mdns().resolve(candidate.address.host)
        if host is not None:
            address = TransportAddress(host, candidate.address.port)
            self._add(epoch, replace(candidate, address=address, hidden=True))

    def _done(self, task: asyncio.Task[None]) -> None:
        epoch = self._pending.pop(task)
        if epoch not in self._pending.values():
            call = self._after.pop(epoch, None)
            if call is not None and not task.cancelled():
                call()

    def close(self) -> None:
        """Stop resolving."""
        self._after.clear()
        for task in self._pending:
            task.cancel()
