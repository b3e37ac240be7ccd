"""aiortc's SCTP association with bounds on what a peer may have it do (RFC 9260)."""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Iterable
from typing import cast

from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcsctptransport import (
    LOCAL_MAX_MESSAGE_SIZE,
    SCTP_MAX_PACKET_LENGTH,
    Chunk,
    DataChunk,
    ForwardTsnChunk,
    InboundStream,
    InitChunk,
    RTCSctpTransport,
    SackChunk,
)

from .chunks import SctpDrop, merge_gaps
from .reassembly import MessageTooLongError, Reassembly

MAX_STREAMS = 1024
"""Streams in each direction, and so channels; libwebrtc announces as many."""
WINDOW = 1 << 20
"""Bytes held of messages that are not whole or not in order: the window that is announced."""
MAX_MESSAGE_SIZE = LOCAL_MAX_MESSAGE_SIZE
"""Bytes of one message that is received, as a=max-message-size announces."""
MAX_TSNS_AHEAD = 2048
"""How far ahead of the first one missing a TSN is kept."""
MAX_HELD = 4096
"""Fragments held, however small."""

_MAX_BLOCKS = (SCTP_MAX_PACKET_LENGTH - 28) // 4
_TSNS = 1 << 32


class BoundedAssociation(RTCSctpTransport):
    """What arrives costs bounded work and memory, or is dropped under a name.

    Times are those of the event loop: aiortc takes them from the wall clock, which may jump.
    """

    def __init__(self, transport: RTCDtlsTransport, port: int) -> None:
        super().__init__(transport, port)
        self._inbound_streams_max = self._outbound_streams_count = MAX_STREAMS
        self._advertised_rwnd = WINDOW
        self._held = 0
        self._highest_sent = self._last_sacked_tsn
        # The chunk whose round trip is measured (RFC 9260 §6.3.1 C5), and when it was sent.
        self._timed: tuple[int, float] | None = None
        self.drops: Counter[SctpDrop] = Counter()

    # Data that arrives

    async def _handle_data(self, data: bytes) -> None:
        streams = cast("Iterable[Reassembly]", self._inbound_streams.values())
        self._held = sum(stream.held_fragments for stream in streams)
        # aiortc forgets what it took off for a stream that is reset.
        self._advertised_rwnd = WINDOW - sum(stream.held_bytes for stream in streams)
        await super()._handle_data(data)

    async def _receive_chunk(self, chunk: Chunk) -> None:
        needs_init = isinstance(chunk, DataChunk | ForwardTsnChunk)
        if self.state == "closed" or (needs_init and self._last_received_tsn is None):
            self.drops[SctpDrop.CLOSED] += 1
        elif self._is_repeated_init(chunk):
            # RFC 9260 §5.2.2: it must not disturb the association, as aiortc would let it.
            self.drops[SctpDrop.DUPLICATE_INIT] += 1
        else:
            await super()._receive_chunk(chunk)

    def _is_repeated_init(self, chunk: Chunk) -> bool:
        return (
            isinstance(chunk, InitChunk)
            and self._association_state is self.State.ESTABLISHED
            and chunk.initiate_tag == self._remote_verification_tag
        )

    async def _receive_data_chunk(self, chunk: DataChunk) -> None:
        ahead = (chunk.tsn - self._cumulative) % _TSNS
        if 0 < ahead < _TSNS // 2 and chunk.tsn not in self._sack_misordered:
            reason = self._refusal(chunk, ahead)
            if reason is not None:
                self.drops[reason] += 1
                self._sack_needed = True
                return
        try:
            await super()._receive_data_chunk(chunk)
        except MessageTooLongError:
            self.drops[SctpDrop.MESSAGE_TOO_LONG] += 1
            self._inbound_streams.clear()
            self._sack_needed = False
            await self.stop()

    def _refusal(self, chunk: DataChunk, ahead: int) -> SctpDrop | None:
        """Return why a new chunk is not taken.

        Room for a message is left to the chunk that all others wait for: what comes ahead of it
        must not keep it out.
        """
        if ahead > MAX_TSNS_AHEAD:
            return SctpDrop.TOO_FAR_AHEAD
        if chunk.stream_id >= MAX_STREAMS:
            self._mark_received(chunk.tsn)
            return SctpDrop.NO_SUCH_STREAM
        left = self._advertised_rwnd - len(chunk.user_data)
        if left < (0 if ahead == 1 else MAX_MESSAGE_SIZE) or self._held >= MAX_HELD:
            return SctpDrop.NO_ROOM
        self._held += 1
        return None

    @property
    def _cumulative(self) -> int:
        """The last TSN before which none is missing."""
        return self._last_received_tsn or 0

    def _mark_received(self, tsn: int) -> bool:
        """Note a TSN; True when it is a duplicate."""
        ahead = (tsn - self._cumulative) % _TSNS
        if not 0 < ahead < _TSNS // 2 or tsn in self._sack_misordered:
            self._sack_duplicates.append(tsn)
            return True
        self._sack_misordered.add(tsn)
        following = (self._cumulative + 1) % _TSNS
        while following in self._sack_misordered:
            self._sack_misordered.remove(following)
            self._last_received_tsn = following
            following = (following + 1) % _TSNS
        return False

    def _get_inbound_stream(self, stream_id: int) -> InboundStream:
        if stream_id not in self._inbound_streams:
            stream = cast("InboundStream", Reassembly(MAX_MESSAGE_SIZE))
            self._inbound_streams[stream_id] = stream
        return self._inbound_streams[stream_id]

    async def _receive_forward_tsn_chunk(self, chunk: ForwardTsnChunk) -> None:
        given_up = dict(chunk.streams).items()
        chunk.streams = [(stream, last) for stream, last in given_up if stream < MAX_STREAMS]
        await super()._receive_forward_tsn_chunk(chunk)

    # What we sent

    async def _receive_sack_chunk(self, chunk: SackChunk) -> None:
        # Those that were given up before they were sent are among them (RFC 3758 §3.5).
        outstanding = (self._local_tsn - 1 - chunk.cumulative_tsn) % _TSNS
        if outstanding >= _TSNS // 2:
            self.drops[SctpDrop.NOTHING_SENT] += 1
            return
        chunk.gaps = merge_gaps(chunk.gaps, outstanding)
        self._measure(chunk.cumulative_tsn)
        await super()._receive_sack_chunk(chunk)

    async def _send_chunk(self, chunk: Chunk) -> None:
        if isinstance(chunk, DataChunk):
            if 0 < (chunk.tsn - self._highest_sent) % _TSNS < _TSNS // 2:
                self._highest_sent = chunk.tsn
                self._timed = self._timed or (chunk.tsn, _now())
            elif self._timed is not None and chunk.tsn == self._timed[0]:
                # RFC 9260 §6.3.1 C5: which of the two is acknowledged, nobody knows.
                self._timed = None
        await super()._send_chunk(chunk)

    async def _send(
        self,
        stream_id: int,
        pp_id: int,
        user_data: bytes,
        expiry: float | None = None,
        max_retransmits: int | None = None,
        ordered: bool = True,
    ) -> None:
        if expiry is not None:
            expiry = _Expiry(_now() + expiry - time.time())
        await super()._send(stream_id, pp_id, user_data, expiry, max_retransmits, ordered)

    def _measure(self, cumulative: int) -> None:
        if self._timed is not None:
            tsn, sent_at = self._timed
            if (cumulative - tsn) % _TSNS < _TSNS // 2:
                self._timed = None
                super()._update_rto(_now() - sent_at)

    def _update_rto(self, R: float) -> None:
        """Leave what the wall clock says alone."""

    def _get_timestamp(self) -> int:
        """Return the time in seconds that a cookie was made at."""
        return math.floor(_now())

    async def _send_sack(self) -> None:
        """Acknowledge what came, in no more than a packet (RFC 9260 §6.2)."""
        sack = SackChunk()
        sack.cumulative_tsn = self._cumulative
        sack.advertised_rwnd = max(0, self._advertised_rwnd)
        offsets = sorted((tsn - self._cumulative) % _TSNS for tsn in self._sack_misordered)
        sack.gaps = _blocks(offsets)[:_MAX_BLOCKS]
        sack.duplicates = self._sack_duplicates[: _MAX_BLOCKS - len(sack.gaps)]
        await self._send_chunk(sack)
        self._sack_duplicates.clear()
        self._sack_needed = False


class _Expiry(float):
    """A time on the loop's clock, after which a message is given up (RFC 3758 §3.1).

    aiortc asks whether it is before the wall clock's time: that time is not looked at.
    """

    def __lt__(self, _wall_time: float) -> bool:
        return super().__lt__(_now())


def _blocks(offsets: list[int]) -> list[tuple[int, int]]:
    """Return the runs of consecutive numbers in sorted ones."""
    blocks: list[tuple[int, int]] = []
    for offset in offsets:
        if blocks and offset == blocks[-1][1] + 1:
            blocks[-1] = blocks[-1][0], offset
        else:
            blocks.append((offset, offset))
    return blocks


def _now() -> float:
    return asyncio.get_running_loop().time()
