"""A peer for the lab in Python: lines of JSON in, lines of JSON out.

    python python_peer.py peer|aiortc|webrtc

`peer` is this project, `webrtc` libwebrtc as the package wrtc binds it. The file needs nothing
but the stack, so that it can be copied as the beginning of another program. What the lines are is
told in docs/natlab.md.
"""

import asyncio
import importlib
import json
import sys
from typing import Any

PACE = 0.02
"""Seconds between messages."""
LINE = 1 << 20
"""Bytes a line may have."""
CHANNEL = "natlab"


def tell(**what: Any) -> None:
    """Write a line."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Stack:
    """How an implementation wants things: this one as browsers do, with plain dictionaries."""

    def __init__(self, module: Any) -> None:
        self.module = module

    def connection(self, servers: list[dict[str, Any]]) -> Any:
        """Make a connection."""
        made = [self.module.RTCIceServer(**server) for server in servers]
        return self.module.RTCPeerConnection(self.module.RTCConfiguration(iceServers=made))

    def channel(self, connection: Any) -> Any:
        """Make a channel that loses what is late."""
        return connection.createDataChannel(CHANNEL, ordered=False, maxRetransmits=0)

    def description(self, fields: dict[str, str]) -> Any:
        """Make what `setRemoteDescription` takes."""
        return self.module.RTCSessionDescription(**fields)

    def candidate(self, fields: dict[str, Any] | None) -> Any:
        """Make what `addIceCandidate` takes."""
        return fields


class Aiortc(Stack):
    """It trickles none, parses candidates by its own parser, and knows no servers on IPv6."""

    def connection(self, servers: list[dict[str, Any]]) -> Any:
        """Make a connection."""
        known = [
            {**server, "urls": [url for url in server["urls"] if "[" not in url]}
            for server in servers
        ]
        return super().connection(known)

    def candidate(self, fields: dict[str, Any] | None) -> Any:
        """Make a candidate with its parts."""
        if fields is None or not fields["candidate"]:
            return None
        parse = importlib.import_module("aiortc.sdp").candidate_from_sdp
        candidate = parse(fields["candidate"].partition(":")[2])
        candidate.sdpMid = fields["sdpMid"]
        return candidate


class Wrtc(Stack):
    """The arguments have names as Python writes them."""

    def connection(self, servers: list[dict[str, Any]]) -> Any:
        """Make a connection."""
        made = [self.module.RTCIceServer(**server) for server in servers]
        return self.module.RTCPeerConnection(self.module.RTCConfiguration(ice_servers=made))

    def channel(self, connection: Any) -> Any:
        """Make a channel that loses what is late."""
        options = self.module.RTCDataChannelInit(ordered=False, max_retransmits=0)
        return connection.createDataChannel(CHANNEL, options)

    def candidate(self, fields: dict[str, Any] | None) -> Any:
        """Make a candidate."""
        if fields is None:
            return None
        names = {"sdpMid": "sdp_mid", "sdpMLineIndex": "sdp_m_line_index"}
        init = {names.get(name, name): value for name, value in fields.items()}
        init.pop("usernameFragment", None)
        return self.module.RTCIceCandidateInit(**init)


STACKS: dict[str, type[Stack]] = {"peer": Stack, "aiortc": Aiortc, "webrtc": Wrtc}


class PythonPeer:
    """A connection that does what the lab says."""

    def __init__(self, stack: Stack, configuration: dict[str, Any]) -> None:
        self._stack = stack
        self.connection = stack.connection(configuration["iceServers"])
        self._sending: asyncio.Task[None] | None = None
        self.connection.on("icecandidate", self._candidate)
        self.connection.on("datachannel", self._opened)
        self.connection.on("connectionstatechange", self._state)

    async def take(self, line: dict[str, Any]) -> None:
        """Do what a line says."""
        connection = self.connection
        if "offer" in line:
            self._serve(self._stack.channel(connection))
            await self._describe(await connection.createOffer())
        elif "restart" in line:
            connection.restartIce()
            await self._describe(await connection.createOffer())
        elif "description" in line:
            await connection.setRemoteDescription(self._stack.description(line["description"]))
            if line["description"]["type"] == "offer":
                await self._describe(await connection.createAnswer())
        elif "candidate" in line:
            await connection.addIceCandidate(self._stack.candidate(line["candidate"]))
        elif "path" in line:
            tell(path=selected(await connection.getStats()))

    async def close(self) -> None:
        """End."""
        if self._sending is not None:
            self._sending.cancel()
        closing = self.connection.close()
        if closing is not None:
            await closing

    async def _describe(self, made: Any) -> None:
        await self.connection.setLocalDescription(made)
        described = self.connection.localDescription
        tell(description={"type": plain(described.type), "sdp": described.sdp})

    def _candidate(self, given: Any = None) -> None:
        # Some hand out the candidate, some an event that has it.
        candidate = given if given is None or hasattr(given, "toJSON") else given.candidate
        tell(candidate=candidate and {name: plain(v) for name, v in candidate.toJSON().items()})

    def _state(self, *_event: Any) -> None:
        tell(state=plain(self.connection.connectionState))

    def _opened(self, given: Any) -> None:
        self._serve(getattr(given, "channel", given))

    def _serve(self, channel: Any) -> None:
        channel.on("message", self._heard)
        self._sending = asyncio.ensure_future(self._send(channel))

    def _heard(self, got: Any) -> None:
        tell(heard=int(getattr(got, "data", got)))

    async def _send(self, channel: Any) -> None:
        number = 0
        while True:
            if plain(channel.readyState) == "open":
                channel.send(str(number))
                number += 1
            await asyncio.sleep(PACE)


def plain(value: Any) -> Any:
    """Give the word of an enumeration."""
    return getattr(value, "value", value)


def member(entry: Any, name: str) -> Any:
    """Read a member of statistics, be they objects or dictionaries."""
    return plain(entry.get(name) if isinstance(entry, dict) else getattr(entry, name, None))


def selected(report: Any) -> list[str] | None:
    """The kinds of the local and the remote candidate in use, if the statistics tell."""
    entries = {member(entry, "id"): entry for entry in report.values()}
    for entry in entries.values():
        if member(entry, "type") != "transport":
            continue
        pair = entries.get(member(entry, "selectedCandidatePairId"))
        if pair is not None:
            ends = (entries.get(member(pair, f"{end}CandidateId")) for end in ("local", "remote"))
            return [member(end, "candidateType") for end in ends]
    return None


async def main(name: str) -> None:
    """Do what the lines say, one after the other, until there are no more."""
    stack = STACKS[name](importlib.import_module(name))
    reader = asyncio.StreamReader(limit=LINE)
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    peer: PythonPeer | None = None
    while line := await reader.readline():
        order = json.loads(line)
        try:
            if peer is None:
                peer = PythonPeer(stack, order["configuration"])
                tell(ready=True)
            else:
                await peer.take(order)
        except Exception as error:
            tell(error=f"{type(error).__name__}: {error}")
    if peer is not None:
        await peer.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
