"""Files over a data channel."""

import asyncio
import contextlib
import itertools
import logging
import os
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from peer import InvalidStateError, RTCDataChannel

from .part import Part
from .protocol import (
    AHEAD,
    BLOCK,
    MAX_TEXT,
    PIECE,
    Digest,
    Fields,
    TransferError,
    read_count,
    read_fields,
    read_name,
    read_transfer,
    refusal,
    write_fields,
)

logger = logging.getLogger("peer.files")

MAX_SIZE = 1 << 32
"""Octets of a file that is taken, unless said otherwise."""
PATIENCE = 60.0
"""Seconds that the other side may say nothing within a transfer."""
MAX_WAITING = AHEAD + BLOCK
"""Octets that wait to be kept; who sends more does not do what the protocol says."""
MESSAGE_COST = 64
"""Octets that a message counts beside its own: empty ones take place as well."""

Progress = Callable[[int, int], object]
"""Gets the octets that the receiver has, and those of the file."""


class FileChannel:
    """Sends and receives files on a data channel, one after the other.

    Make it as soon as there is a channel, in the listener of "datachannel" itself, so that nothing
    is missed. The channel has to be ordered and reliable; InvalidStateError is raised otherwise.
    Both sides may send, but not at the same time: a channel for each direction does that.

    A transfer that breaks, with ConnectionError, is resumed by sending the same file again, over
    another connection as well: what is kept already is compared, and not sent again.
    """

    def __init__(self, channel: RTCDataChannel) -> None:
        if (
            not channel.ordered
            or (channel.maxRetransmits, channel.maxPacketLifeTime) != (None,) * 2
        ):
            raise InvalidStateError("files need a channel that is ordered and reliable")
        self._channel = channel
        self._mail: deque[str | bytes] = deque()
        self._waiting = 0
        self._busy = False
        self._numbers = itertools.count(1)
        self._transfer: object = None
        self._changed = asyncio.Event()
        channel.on("open", self._changed.set)
        channel.on("message", self._take)
        channel.on("close", self._changed.set)

    async def send(self, path: str | os.PathLike[str], *, progress: Progress | None = None) -> None:
        """Send a file, and return when the other side has kept it.

        Raises OSError for a file that cannot be read, TransferError for one that is refused,
        ConnectionError when the channel closes, TimeoutError after 60 s of silence.
        """
        with self._turn(), contextlib.closing(_Sending(Path(path), progress)) as sending:
            await self._opened()
            self._transfer = next(self._numbers)
            self._say(file=Path(path).name, size=sending.size, transfer=self._transfer)
            await asyncio.to_thread(sending.agree, await self._answer())
            self._say(**{"from": sending.sent})
            while sending.sent < sending.size:
                for piece in await asyncio.to_thread(sending.read):
                    self._send(piece)
                while sending.sent - sending.kept > AHEAD - BLOCK:
                    sending.hear(await self._answer())
            self._say(digest=sending.digest.hexdigest())
            while not sending.is_kept:
                sending.hear(await self._answer())

    async def receive(
        self,
        folder: str | os.PathLike[str],
        *,
        limit: int = MAX_SIZE,
        progress: Progress | None = None,
    ) -> Path:
        """Receive the next file into a folder, and give its place; nothing is overwritten.

        Waits for it as long as the channel is open. Raises TransferError for a file that is
        refused: larger than `limit` octets, with a name that leads out of the folder, without room
        on the disk, or not as it was sent; the next one can be received then. Raises
        ConnectionError when the channel closes, TimeoutError after 60 s of silence within a file,
        OSError for what the disk says. The beginning of a file that broke off stays in the folder.
        """
        with self._turn():
            offer = await self._offer()
            try:
                name, size = read_name(offer), read_count(offer, "size", limit)
                part = await asyncio.to_thread(Part, Path(folder), name, size)
                with contextlib.closing(part):
                    return await self._receive(part, size, progress)
            except Exception as error:
                # Of the program's `progress` as well: the sender need not wait for its patience.
                self._refuse(error)
                raise

    async def _offer(self) -> Fields:
        """Wait for a file; what comes before it belongs to one that was given up."""
        while True:
            message = await self._next(None)
            with contextlib.suppress(TransferError):
                if "file" in (fields := read_fields(message)):
                    self._transfer = read_transfer(fields)
                    return fields
            logger.debug("%d octets before a file are left out", len(message))

    async def _receive(self, part: Part, size: int, progress: Progress | None) -> Path:
        self._reply(have=part.octets, digest=part.digest.hexdigest())
        begin = read_count(await self._word(), "from", size)
        if begin not in (0, part.octets):
            raise TransferError("it does not go on where it ended")
        part.begin(begin)
        while part.octets < size:
            block = await self._block(min(BLOCK, size - part.octets))
            await asyncio.to_thread(part.write, block)
            self._reply(have=part.octets)
            if progress is not None:
                progress(part.octets, size)
        place = await asyncio.to_thread(part.finish, (await self._word()).get("digest"))
        self._reply(kept=True)
        return place

    async def _block(self, octets: int) -> bytes:
        """Collect so many octets, of messages that end there."""
        block = bytearray()
        while len(block) < octets:
            piece = await self._next(PATIENCE)
            if not isinstance(piece, bytes):
                self._put_back(piece)
                raise TransferError("the file ended too early")
            block += piece
        if len(block) > octets:
            raise TransferError("a message goes beyond the end of a block")
        return bytes(block)

    async def _word(self) -> Fields:
        """Give what the sender says of the file."""
        message = await self._next(PATIENCE)
        fields = read_fields(message)
        if "file" in fields:
            self._put_back(message)
            raise TransferError("the file was given up for another one")
        return fields

    # The channel

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        if self._busy:
            raise InvalidStateError("another file is on its way")
        self._busy = True
        try:
            yield
        finally:
            self._busy = False

    def _take(self, message: str | bytes) -> None:
        self._waiting += len(message) + MESSAGE_COST
        if self._waiting > MAX_WAITING:
            logger.warning("a channel brings more than is taken from it, and is closed")
            self._channel.close()
            return
        self._mail.append(message)
        self._changed.set()

    async def _opened(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while self._channel.readyState == "connecting":
                await self._change()
        self._check_open()

    async def _next(self, patience: float | None) -> str | bytes:
        async with asyncio.timeout(patience):
            while not self._mail:
                if self._channel.readyState != "connecting":
                    self._check_open()
                await self._change()
        message = self._mail.popleft()
        self._waiting -= len(message) + MESSAGE_COST
        return message

    def _put_back(self, message: str | bytes) -> None:
        """Leave a message, that may be the next file, to be taken again."""
        self._mail.appendleft(message)
        self._waiting += len(message) + MESSAGE_COST

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    async def _answer(self) -> Fields:
        """Give what the receiver says of this transfer; raises what it refuses with."""
        fields: Fields = {}
        while fields.get("transfer") != self._transfer:
            fields = read_fields(await self._next(PATIENCE))
        if "refused" in fields:
            raise refusal(fields)
        return fields

    def _check_open(self) -> None:
        if self._channel.readyState != "open":
            raise ConnectionError("the channel closed")

    def _say(self, **fields: object) -> None:
        self._send(write_fields(**fields))

    def _reply(self, **fields: object) -> None:
        self._say(**fields, transfer=self._transfer)

    def _send(self, message: str | bytes) -> None:
        self._check_open()
        self._channel.send(message)

    def _refuse(self, error: Exception) -> None:
        """Say why, if there is still somebody."""
        if self._channel.readyState == "open" and not isinstance(error, ConnectionError):
            reason = str(error) if isinstance(error, TransferError) else "it cannot be kept"
            self._reply(refused=reason[: MAX_TEXT // 2])


class _Sending:
    """Where the sender of a file is."""

    def __init__(self, path: Path, progress: Progress | None) -> None:
        self._file = path.open("rb")
        self.size = os.fstat(self._file.fileno()).st_size
        self._progress = progress
        self.digest = Digest()
        self.sent = self.kept = 0
        self.is_kept = False

    def agree(self, answer: Fields) -> None:
        """Begin behind what the receiver has, if it is the same as here; in a thread."""
        have = read_count(answer, "have", self.size)
        if have < self.size and have % BLOCK:
            raise TransferError("the receiver has no whole blocks")
        while self.sent < have:
            self.read()
        if self.digest.hexdigest() != answer.get("digest"):
            self._file.seek(0)
            self.digest, self.sent = Digest(), 0
        self.kept = self.sent

    def read(self) -> list[bytes]:
        """Read the next block, in the messages that it is sent by; in a thread."""
        block = self._file.read(min(BLOCK, self.size - self.sent))
        if not block:
            raise TransferError("the file became shorter")
        self.digest.update(block)
        self.sent += len(block)
        return [block[start : start + PIECE] for start in range(0, len(block), PIECE)]

    def close(self) -> None:
        self._file.close()

    def hear(self, answer: Fields) -> None:
        """Take what the receiver says of what it has."""
        if "kept" in answer:
            if self.sent < self.size:
                raise TransferError("the receiver has more than was sent")
            self.is_kept = True
            return
        self.kept = read_count(answer, "have", self.sent)
        if self._progress is not None:
            self._progress(self.kept, self.size)
