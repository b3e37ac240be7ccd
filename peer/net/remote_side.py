"""What the peer signals: credentials, candidates, and candidates that hide behind names."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from peer.ice import (
    Candidate,
    IceAgent,
    InvalidParameterError,
    RemoteParameters,
    TransportAddress,
)

from .mdns import Mdns, is_mdns_name, may_resolve

MAX_RESOLVING = 32
"""Names resolved at a time; a peer with more of them has the rest ignored."""


class _Epoch(NamedTuple):
    """The remote generation a candidate came for: a restart makes it another."""

    stream: str
    number: int
    username_fragment: str | None


class RemoteSide:
    """Gives the agent what the peer signals, names resolved (mdns draft §3.2).

    Names are resolved in the background: other candidates do not wait for them, only the end
    of candidates does. `mdns` None ignores them all; `done` is called after a late input.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        agent: IceAgent,
        mdns: Callable[[], Mdns] | None,
        done: Callable[[], object],
    ) -> None:
        self._loop = loop
        self._agent = agent
        self._mdns = mdns
        self._done = done
        self._epochs: dict[str, _Epoch] = {}
        self._pending: dict[asyncio.Task[None], _Epoch] = {}
        self._ends: set[_Epoch] = set()

    @property
    def tasks(self) -> set[asyncio.Task[None]]:
        """The resolutions under way."""
        return set(self._pending)

    def add_stream(self, stream: str) -> None:
        """Expect what is signalled for a stream."""
        self._epochs[stream] = _Epoch(stream, 0, None)

    def remove_stream(self, stream: str) -> None:
        """Drop what is still being resolved for a stream."""
        del self._epochs[stream]

    def restart(self, stream: str) -> None:
        """Drop what is still being resolved for the generation before."""
        self._epochs[stream] = _Epoch(stream, self._epochs[stream].number + 1, None)

    def set_parameters(self, stream: str, parameters: RemoteParameters) -> None:
        """Take the peer's credentials."""
        self._agent.set_remote_parameters(stream, parameters)
        fragment = parameters.username_fragment
        self._epochs[stream] = self._epochs[stream]._replace(username_fragment=fragment)

    def add_candidate(self, stream: str, candidate: Candidate, fragment: str | None) -> None:
        """Take a candidate, or resolve its name first."""
        if not is_mdns_name(candidate.address.host):
            self._agent.add_remote_candidate(stream, candidate, username_fragment=fragment)
            return
        epoch = self._epoch(stream, fragment)
        # Only the names browsers make up are to be resolved (draft §3.2.1).
        resolvable = may_resolve(candidate.address.host) and self._mdns is not None
        if resolvable and len(self._pending) < MAX_RESOLVING:
            task = self._loop.create_task(self._resolve(epoch, candidate))
            self._pending[task] = epoch
            task.add_done_callback(self._resolved)

    def end_candidates(self, stream: str, fragment: str | None) -> None:
        """Take the end of candidates, when all names are resolved."""
        epoch = self._epoch(stream, fragment)
        if self._waits(epoch):
            self._ends.add(epoch)
        else:
            self._end(epoch)

    def _waits(self, epoch: _Epoch) -> bool:
        # Candidates may have come before the credentials told the fragment.
        key = epoch.stream, epoch.number
        return any((each.stream, each.number) == key for each in self._pending.values())

    def _end(self, epoch: _Epoch) -> None:
        fragment = epoch.username_fragment
        self._agent.end_of_remote_candidates(epoch.stream, username_fragment=fragment)

    def _epoch(self, stream: str, fragment: str | None) -> _Epoch:
        known = self._epochs.get(stream)
        if known is None:
            raise InvalidParameterError(f"no stream {stream!r}")
        return known if fragment is None else known._replace(username_fragment=fragment)

    def _is_current(self, epoch: _Epoch) -> bool:
        known = self._epochs.get(epoch.stream)
        return known is not None and known.number == epoch.number

    async def _resolve(self, epoch: _Epoch, candidate: Candidate) -> None:
        assert self._mdns is not None
        host = await self._mdns().resolve(candidate.address.host)
        if host is not None and self._is_current(epoch):
            address = TransportAddress(host, candidate.address.port)
            self._agent.add_remote_candidate(
                epoch.stream,
                replace(candidate, address=address, hidden=True),
                username_fragment=epoch.username_fragment,
            )
            self._done()

    def _resolved(self, task: asyncio.Task[None]) -> None:
        del self._pending[task]
        for epoch in [epoch for epoch in self._ends if not self._waits(epoch)]:
            self._ends.discard(epoch)
            if self._is_current(epoch):
                self._end(epoch)
                self._done()

    def close(self) -> None:
        """Stop resolving."""
        self._epochs.clear()
        for task in self._pending:
            task.cancel()
