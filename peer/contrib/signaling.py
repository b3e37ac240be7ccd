"""Signaling for trials, one JSON object a line: by copy and paste, TCP or a UNIX socket.

Programs of aiortc understand what is sent, and the other way round.
"""

import argparse
import asyncio
import json
import sys
from abc import ABC, abstractmethod
from asyncio import Server, StreamReader, StreamWriter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from peer.ice_candidate import RTCIceCandidate
from peer.session_description import RTCSessionDescription

DESCRIPTIONS = ("offer", "answer")
METHODS = ("copy-and-paste", "tcp-socket", "unix-socket")


class Bye:
    """The end of a session."""


BYE = Bye()

SignalingObject: TypeAlias = RTCSessionDescription | RTCIceCandidate | Bye
Streams: TypeAlias = tuple[StreamReader, StreamWriter]


def object_to_string(obj: SignalingObject) -> str:
    """Write what is to be signaled as a line of JSON, without its end; TypeError for all else."""
    message: dict[str, object]
    if isinstance(obj, RTCSessionDescription):
        message = {"type": obj.type, "sdp": obj.sdp}
    elif isinstance(obj, RTCIceCandidate):
        message = {
            "type": "candidate",
            "candidate": obj.candidate,
            "id": obj.sdpMid,
            "label": obj.sdpMLineIndex,
        }
    elif isinstance(obj, Bye):
        message = {"type": "bye"}
    else:
        raise TypeError(f"this cannot be signaled: {obj!r}")
    return json.dumps(message, sort_keys=True)


def object_from_string(message_str: str) -> SignalingObject:
    """Read a line that `object_to_string` wrote; ValueError for any other."""
    message = json.loads(message_str)
    kind = message.get("type") if isinstance(message, dict) else None
    if kind in DESCRIPTIONS:
        return RTCSessionDescription(message["sdp"], kind)
    if kind == "candidate":
        return RTCIceCandidate(
            candidate=message["candidate"],
            sdpMid=message["id"],
            sdpMLineIndex=message["label"],
        )
    if kind == "bye":
        return BYE
    raise ValueError(f"no signaling: {message_str!r}")


class BaseSignaling(ABC):
    """A way to reach the peer."""

    @abstractmethod
    async def connect(self) -> None:
        """Get ready."""

    @abstractmethod
    async def close(self) -> None:
        """Say goodbye to the peer, if it was reached."""

    @abstractmethod
    async def send(self, descr: SignalingObject) -> None:
        """Send a description, a candidate or `BYE`."""

    @abstractmethod
    async def receive(self) -> SignalingObject | None:
        """Wait for what the peer sends; None when it is gone."""


class SocketSignaling(BaseSignaling):
    """A stream: who sends first listens, who receives first connects."""

    def __init__(self) -> None:
        self._streams: Streams | None = None
        self._server: asyncio.Server | None = None

    async def connect(self) -> None:
        """Do nothing: the first `send` or `receive` connects."""

    @abstractmethod
    async def open(self) -> Streams:
        """Connect to the address; OSError when nobody listens there."""

    @abstractmethod
    async def listen(self, connected: Callable[[StreamReader, StreamWriter], None]) -> Server:
        """Listen at the address."""

    async def close(self) -> None:
        """Say goodbye to the peer, if it was reached, and listen no more."""
        if self._streams is not None:
            await self.send(BYE)
            _, writer = self._streams
            self._streams = None
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        if self._server is not None:
            self._server.close()
            self._server = None

    async def send(self, descr: SignalingObject) -> None:
        """Send an object; the first time, wait for the peer to connect."""
        if self._streams is None:
            self._streams = await self._accept()
        self._streams[1].write(object_to_string(descr).encode() + b"\n")

    async def receive(self) -> SignalingObject | None:
        """Wait for an object; the first time, connect. OSError when nobody listens."""
        if self._streams is None:
            self._streams = await self.open()
        try:
            line = await self._streams[0].readuntil()
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        return object_from_string(line.decode())

    async def _accept(self) -> Streams:
        accepted: asyncio.Queue[Streams] = asyncio.Queue()
        self._server = await self.listen(lambda *streams: accepted.put_nowait(streams))
        return await accepted.get()


class TcpSocketSignaling(SocketSignaling):
    """Signaling by TCP."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__()
        self._host, self._port = host, port

    async def open(self) -> Streams:
        """Connect to the address; OSError when nobody listens there."""
        return await asyncio.open_connection(self._host, self._port)

    async def listen(self, connected: Callable[[StreamReader, StreamWriter], None]) -> Server:
        """Listen at the address."""
        return await asyncio.start_server(connected, self._host, self._port)


class UnixSocketSignaling(SocketSignaling):
    """Signaling by a UNIX socket, which is removed at the end."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path
        self._listens = False

    async def open(self) -> Streams:
        """Connect to the socket; OSError when nobody listens there."""
        return await asyncio.open_unix_connection(self._path)

    async def listen(self, connected: Callable[[StreamReader, StreamWriter], None]) -> Server:
        """Make the socket."""
        server = await asyncio.start_unix_server(connected, self._path)
        self._listens = True
        return server

    async def close(self) -> None:
        """Say goodbye to the peer, if it was reached, and remove the socket."""
        await super().close()
        self._remove()

    def _remove(self) -> None:
        if self._listens:
            self._listens = False
            Path(self._path).unlink(missing_ok=True)


class CopyAndPasteSignaling(BaseSignaling):
    """Signaling by hand: the user carries lines between two terminals."""

    def __init__(self) -> None:
        self._reader: StreamReader | None = None
        self._transport: asyncio.ReadTransport | None = None

    async def connect(self) -> None:
        """Start to read the standard input."""
        reader = asyncio.StreamReader()
        self._transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
        )
        self._reader = reader

    async def close(self) -> None:
        """Say goodbye to the peer, and read no more."""
        if self._transport is not None:
            await self.send(BYE)
            self._transport.close()
            self._transport = self._reader = None

    async def send(self, descr: SignalingObject) -> None:
        """Print an object."""
        print("-- Please send this message to the remote party --")  # noqa: T201
        print(object_to_string(descr), end="\n\n", flush=True)  # noqa: T201

    async def receive(self) -> SignalingObject | None:
        """Wait for a line; None at the end of the input. RuntimeError before `connect`."""
        if self._reader is None:
            raise RuntimeError("connect first")
        print("-- Please enter a message from remote party --", flush=True)  # noqa: T201
        line = await self._reader.readline()
        return object_from_string(line.decode()) if line else None


def add_signaling_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that `create_signaling` reads."""
    parser.add_argument("--signaling", "-s", choices=METHODS, help="copy-and-paste by default")
    parser.add_argument("--signaling-host", default="127.0.0.1", help="for tcp-socket")
    parser.add_argument("--signaling-port", default=1234, type=int, help="for tcp-socket")
    parser.add_argument("--signaling-path", default="aiortc.socket", help="for unix-socket")


def create_signaling(args: argparse.Namespace) -> BaseSignaling:
    """Make the signaling that the command line asks for."""
    match args.signaling:
        case "tcp-socket":
            return TcpSocketSignaling(args.signaling_host, args.signaling_port)
        case "unix-socket":
            return UnixSocketSignaling(args.signaling_path)
        case _:
            return CopyAndPasteSignaling()
