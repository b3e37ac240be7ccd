"""An SCTP association: inputs come in here, packets and events go out.

The facade: it keeps the clock and calls the parts. The theory of operation is in the docstring of
the package.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from math import inf

from peer.records import dataclass

from . import arrival, departure, setup
from .config import SctpConfig
from .drops import SctpDrop
from .events import Event, OutgoingReset
from .initiation import Initiation
from .message import RELIABLE, Delivery
from .session import SctpState, Session
from .wire import ABORT, USER_ABORT, write_chunk, write_parameter

_RESTORE_INTERVAL = 3.0
_ENDING = (SctpState.SHUTDOWN_RECEIVED, SctpState.SHUTDOWN_ACK_SENT, SctpState.ENDED)


@dataclass(frozen=True, slots=True)
class SctpStatistics:
    """Figures of an association; times in seconds, sizes in bytes.

    `unacknowledged` counts chunks, `window` is the congestion window, `peer_window` what the peer
    last said it has room for, `held` what waits here for other messages or their rest.
    """

    round_trip: float | None
    window: int
    peer_window: int
    packet: int
    unacknowledged: int
    queued: int
    held: int
    resent: int
    abandoned: int
    timeouts: int
    duplicates: int
    maker: str
    interleaving: bool
    zero_checksum: bool
    drops: dict[str, int]


class Association:
    """One association. It runs once: `start` or `establish`, then until its event `Ended`.

    Inputs: calls, `receive` for packets, `handle_timer`. After any of them the driver sends what
    `transmits` gives, hands out what `next_event` gives until None, and arms a timer for
    `get_timer`. `entropy` returns so many random bytes.
    """

    def __init__(
        self,
        config: SctpConfig,
        *,
        entropy: Callable[[int], bytes],
        local: Initiation | None = None,
    ) -> None:
        """Make an association; `local` is what we are, where a description says it already."""
        self._session = Session(config, entropy, local)
        self._now = -inf
        self._restored_at = -inf

    # What is asked

    @property
    def state(self) -> SctpState:
        """Where it is."""
        return self._session.state

    @property
    def drops(self) -> Counter[SctpDrop]:
        """What arrived and was of no use."""
        return self._session.drops

    @property
    def streams(self) -> tuple[int, int] | None:
        """The numbers of outgoing and of incoming streams, None before the peer is known."""
        agreement = self._session.agreement
        return None if agreement is None else (agreement.outgoing, agreement.incoming)

    @property
    def takes_many(self) -> bool:
        """Tell whether nothing speaks against opening any number of channels at once."""
        agreement = self._session.agreement
        return agreement is None or agreement.takes_many

    @property
    def initiation(self) -> bytes:
        """Our INIT chunk, as a description has it."""
        return self._session.establishment.token()

    def amount(self, stream: int) -> int:
        """Return the bytes of messages that wait on a stream to be put into a packet."""
        return self._session.outbound.queue.stream(stream).amount

    def statistics(self) -> SctpStatistics:
        """Return the figures of now."""
        session, outbound = self._session, self._session.outbound
        agreement, inbound = session.agreement, session.inbound
        return SctpStatistics(
            round_trip=session.round_trip.srtt,
            window=outbound.flight.congestion.window,
            peer_window=outbound.window,
            packet=session.config.max_packet,
            unacknowledged=outbound.flight.outstanding,
            queued=outbound.queue.amount,
            held=0 if inbound is None else inbound.held,
            resent=outbound.resent,
            abandoned=outbound.abandoned,
            timeouts=outbound.timeouts,
            duplicates=0 if inbound is None else inbound.duplicates,
            maker="" if agreement is None else agreement.maker.decode("ascii", "replace"),
            interleaving=agreement is not None and agreement.interleaving,
            zero_checksum=agreement is not None and agreement.zero_checksum,
            drops={reason.value: count for reason, count in session.drops.items()},
        )

    # Calls

    def start(self, now: float, remote_port: int = 5000) -> None:
        """Begin the handshake."""
        if self.state is SctpState.CLOSED:
            self._session.set_remote_port(remote_port)
            setup.begin(self._session, self._clock(now))

    def establish(self, remote: Initiation, now: float, remote_port: int = 5000) -> None:
        """Be up at once with a peer that has our INIT as we have its."""
        if self.state is SctpState.CLOSED:
            self._session.set_remote_port(remote_port)
            setup.adopt(self._session, remote, self._clock(now))

    def send(
        self, stream: int, protocol: int, data: bytes, now: float, delivery: Delivery = RELIABLE
    ) -> None:
        """Queue a message; ValueError without bytes, which SCTP cannot send.

        Once the peer shuts down nothing is queued any more (RFC 9260 §9.2).
        """
        if not data:
            raise ValueError("a message has at least one byte")
        if self.state not in _ENDING:
            self._session.outbound.send(stream, protocol, data, delivery, self._clock(now))

    def set_threshold(self, stream: int, amount: int) -> None:
        """Say at which amount that waits on a stream `AmountLow` is told."""
        self._session.outbound.queue.stream(stream).low = amount

    def set_weight(self, stream: int, weight: int) -> None:
        """Say how much of the path a stream gets, in proportion to others."""
        self._session.outbound.queue.stream(stream).weight = weight

    def discard(self, stream: int) -> None:
        """Drop what waits on a stream, but a message that was begun."""
        self._session.outbound.queue.clear(stream)

    def reset(self, streams: Iterable[int]) -> None:
        """Reset our direction of streams, once what waits on them has been sent.

        A peer that knows no resets is not asked for any, and told of none.
        """
        session = self._session
        if session.agreement is not None and not session.agreement.resets:
            session.events.append(OutgoingReset(tuple(streams), done=False))
        else:
            session.outgoing_resets.want(streams)

    def abort(self, reason: str, now: float) -> None:
        """End the association; the peer is told."""
        session = self._session
        self._clock(now)
        if session.agreement is not None and self.state is not SctpState.ENDED:
            text = write_parameter(USER_ABORT, reason.encode())
            session.send_alone(write_chunk(ABORT, text), session.agreement.remote.tag)
        session.end()

    def lose(self) -> None:
        """End the association without a word: there is no transport any more."""
        self._session.alone.clear()
        self._session.end("the transport below has ended")

    def path_changed(self, now: float) -> None:
        """Begin to learn anew what the path bears: it is another one (RFC 8261 §6.1)."""
        self._clock(now)
        self._session.outbound.flight.begin_anew()

    def path_restored(self, now: float) -> None:
        """Try again at once what waits for its time; at most every three seconds."""
        now = self._clock(now)
        if now < self._restored_at + _RESTORE_INTERVAL:
            return
        self._restored_at = now
        session = self._session
        session.outbound.hurry(now)
        session.outgoing_resets.hurry(now)
        if session.establishment.at < inf:
            session.establishment.at = now

    # The network and the clock

    def receive(self, packet: bytes, now: float) -> None:
        """Take a packet; nothing that it says raises."""
        arrival.receive(self._session, packet, self._clock(now))

    def handle_timer(self, now: float) -> None:
        """Do what is due."""
        now, session = self._clock(now), self._session
        if self._is_silent:
            return
        if session.establishment.at <= now:
            setup.repeat(session, now)
        if session.closing_at <= now:
            departure.repeat_shutdown(session, now)
        if session.is_sending and session.outbound.timer <= now:
            session.outbound.on_timer(now)
        limit = session.config.max_errors
        if limit is not None and session.errors > limit:
            session.end("the peer does not answer")

    # Outputs

    def transmits(self, now: float) -> list[bytes]:
        """Return the packets that are to be sent now."""
        return departure.packets(self._session, self._clock(now))

    @property
    def has_events(self) -> bool:
        """Tell whether there is an event."""
        return bool(self._session.events)

    def next_event(self) -> Event | None:
        """Return the next event, None when there is none."""
        events = self._session.events
        return events.popleft() if events else None

    def get_timer(self) -> float | None:
        """Return the absolute time at which `handle_timer` is to be called, None for never."""
        session = self._session
        if self._is_silent:
            return None
        if session.more:
            return self._now
        at = min(session.establishment.at, session.closing_at)
        if session.inbound is not None:
            at = min(at, session.inbound.sack_at)
        if session.is_sending:
            resets, heartbeat = session.outgoing_resets, session.heartbeat
            at = min(at, session.outbound.timer, heartbeat.at, resets.at)
        return at if at < inf else None

    @property
    def _is_silent(self) -> bool:
        state = self._session.state
        return state is SctpState.CLOSED or state is SctpState.ENDED

    def _clock(self, now: float) -> float:
        """Return the time, which does not go back."""
        self._now = max(self._now, now)
        return self._now
