"""What of a DTLS handshake goes in the messages of an agent, and what is heard of it."""

import zlib
from collections.abc import Sequence
from itertools import pairwise

import pytest

from peer.ice import (
    EmbeddingProfile,
    EmbeddingState,
    HandshakeStage,
    IceAgent,
    IceConfig,
    IceRole,
    RemoteParameters,
    TransportAddress,
    stun,
)
from peer.ice.embedding import MAX_BODY, MAX_UNPROVEN
from tests.ice.builders import REMOTE, SOURCE, binding_request, entropy, host_candidate

LOCAL = TransportAddress("10.0.0.1", 5000)
DATAGRAM = b"\x16\xfe\xfd" + bytes(97)
ANSWER = b"\x16\xfe\xfd" + bytes(197)
EMBEDS = RemoteParameters(
    REMOTE.username_fragment, REMOTE.password, embedding=EmbeddingProfile.DRAFT
)


class Bench:
    """A controlled agent with one base, and what its handshake was handed."""

    def __init__(self, config: IceConfig | None = None, *answers: Sequence[bytes]) -> None:
        self.taken: list[bytes] = []
        self._answers = list(answers)
        self.agent = IceAgent(
            config, role=IceRole.CONTROLLED, entropy=entropy(), embedded=self._take
        )
        self.local = self.agent.add_stream("0")
        self.agent.add_base("0", 1, LOCAL)
        self.agent.handle_timer(now=1.0)
        self.agent.transmits()

    def _take(self, stream: str, component: int, datagram: bytes) -> Sequence[bytes]:
        assert (stream, component) == ("0", 1)
        self.taken.append(datagram)
        return self._answers.pop(0) if self._answers else ()

    @property
    def state(self) -> EmbeddingState:
        return self.agent.embedding("0", 1)

    def hear(
        self,
        ack: tuple[int, ...] | None = None,
        data: bytes | None = None,
        *,
        password: str | None = None,
    ) -> list[stun.Message]:
        """Take a check from the peer; gives all that is sent then."""
        extra = [] if ack is None else [(stun.DTLS_IN_STUN_ACK, ack)]
        extra += [] if data is None else [(stun.DTLS_IN_STUN_DATA, data)]  # type: ignore[list-item]
        request = binding_request(
            f"{self.local.username_fragment}:{REMOTE.username_fragment}",
            (password or self.local.password).encode(),
            extra=extra,
        )
        self.agent.receive_datagram(request, local=LOCAL, source=SOURCE, now=1.0)
        return [stun.parse(each.data) for each in self.agent.transmits()]


def carried(message: stun.Message) -> tuple[tuple[int, ...] | None, bytes | None]:
    return message.get(stun.DTLS_IN_STUN_ACK), message.get(stun.DTLS_IN_STUN_DATA)


def test_the_answer_has_the_next_flight_already() -> None:
    bench = Bench(None, [ANSWER])
    (response,) = bench.hear((), DATAGRAM)
    assert bench.taken == [DATAGRAM]
    assert carried(response) == ((zlib.crc32(DATAGRAM),), ANSWER)
    order = list(response.values)
    assert order[-2:] == [stun.DTLS_IN_STUN_ACK.type, stun.DTLS_IN_STUN_DATA.type]
    assert response.integrity_offset > 0


def test_a_check_before_the_description_is_heeded() -> None:
    """The offerer cannot shake hands yet; what came is acknowledged, and handed on."""
    bench = Bench()
    (response,) = bench.hear((), DATAGRAM)
    assert bench.state is EmbeddingState.CONFIRMED
    assert carried(response) == ((zlib.crc32(DATAGRAM),), b"")
    bench.agent.set_remote_parameters("0", REMOTE)
    assert bench.state is EmbeddingState.CONFIRMED


def test_a_plain_check_ends_it() -> None:
    bench = Bench()
    (response,) = bench.hear()
    assert carried(response) == (None, None)
    assert bench.state is EmbeddingState.OFF
    (response,) = bench.hear((), DATAGRAM)
    assert carried(response) == (None, None)
    assert bench.taken == []


def test_only_what_is_authentic_counts() -> None:
    bench = Bench()
    bench.hear((), DATAGRAM, password="x" * 22)
    assert bench.taken == []
    assert bench.state is EmbeddingState.TENTATIVE


@pytest.mark.parametrize("config", [IceConfig(embed_handshake=False), None])
def test_it_can_be_left_off(config: IceConfig | None) -> None:
    """By the settings, and where there is no handshake."""
    agent = IceAgent(config, role=IceRole.CONTROLLED, entropy=entropy())
    agent.add_stream("0")
    agent.set_remote_parameters("0", EMBEDS)
    assert agent.embedding("0", 1) is EmbeddingState.OFF


def test_an_acknowledgement_that_cannot_be_read_still_tells_who_speaks() -> None:
    bench = Bench()
    raw = stun.Attribute(stun.DTLS_IN_STUN_ACK.type, "odd", lambda v, _: v, lambda v, _: v)
    request = binding_request(
        f"{bench.local.username_fragment}:{REMOTE.username_fragment}",
        bench.local.password.encode(),
        extra=[(raw, b"123")],
    )
    bench.agent.receive_datagram(request, local=LOCAL, source=SOURCE, now=1.0)
    assert bench.state is EmbeddingState.CONFIRMED


def test_a_check_that_comes_again_carries_what_is_new() -> None:
    """And its transaction is the same, so that either answer will do."""
    bench = Bench()
    bench.agent.set_remote_parameters("0", EMBEDS)
    bench.agent.send_flight("0", 1, [DATAGRAM, ANSWER])
    bench.agent.add_remote_candidate("0", host_candidate())
    sent: list[stun.Message] = []
    for now in (1.0, 1.1, 1.6, 1.7):
        bench.agent.handle_timer(now=now)
        sent += [stun.parse(each.data) for each in bench.agent.transmits()]
    first, again = sent
    assert first.transaction_id == again.transaction_id
    assert [carried(first), carried(again)] == [((), DATAGRAM), ((), ANSWER)]
    # Which of the two an answer is to, nobody knows: it acknowledges neither.
    response = stun.build(
        stun.Method.BINDING,
        stun.MessageClass.SUCCESS,
        first.transaction_id,
        [
            (stun.XOR_MAPPED_ADDRESS, LOCAL),
            (stun.DTLS_IN_STUN_ACK, ()),
        ],
        key=REMOTE.password.encode(),
    )
    bench.agent.receive_datagram(response, local=LOCAL, source=SOURCE, now=1.8)
    plain = [each.data for each in bench.agent.transmits()]
    assert plain == []
    (answer,) = bench.hear((), b"")
    assert carried(answer)[1] in (DATAGRAM, ANSWER)


def test_no_message_is_longer_than_it_may_be() -> None:
    bench = Bench(None, [b"\x16" * (MAX_BODY - 16)], [b"\x16" * MAX_BODY])
    (response,) = bench.hear((), DATAGRAM)
    assert carried(response)[1] == b""
    bench = Bench(None, [b"\x16" * (MAX_BODY - 24)])
    (response,) = bench.hear((), DATAGRAM)
    assert len(response.raw) == 20 + MAX_BODY + 24 + 8


def test_an_association_that_takes_the_place_of_another_embeds_anew() -> None:
    bench = Bench()
    bench.agent.set_remote_parameters("0", EMBEDS)
    bench.hear((), DATAGRAM)
    states = []
    for stage in (HandshakeStage.OVER, HandshakeStage.BEGUN):
        bench.agent.note_handshake("0", 1, stage)
        states.append(bench.state)
    assert states == [EmbeddingState.COMPLETE, EmbeddingState.TENTATIVE]


def test_what_came_by_itself_is_acknowledged() -> None:
    bench = Bench()
    bench.agent.note_handshake("0", 1, HandshakeStage.HEARD, datagram=DATAGRAM)
    (response,) = bench.hear((), b"")
    assert carried(response) == ((zlib.crc32(DATAGRAM),), b"")


def test_a_check_that_carries_a_flight_is_repeated_where_the_peers_come_from() -> None:
    """Sooner than RFC 8445 §14.3 has it, and ever more rarely: that path works."""
    bench = Bench()
    bench.agent.set_remote_parameters("0", EMBEDS)
    bench.agent.send_flight("0", 1, [DATAGRAM])
    bench.agent.handle_timer(now=1.0)
    bench.hear((), b"")
    times: list[float] = []
    now = 1.0
    while now < 30.0:
        timer = bench.agent.get_timer()
        assert timer is not None
        now = max(now, timer)
        bench.agent.handle_timer(now=now)
        for transmit in bench.agent.transmits():
            assert carried(stun.parse(transmit.data))[1] in (DATAGRAM, b"")
            times.append(now)
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert waits[1:4] == pytest.approx([0.25, 0.25, 0.25], abs=0.06)
    assert waits[-1] > 2.0
    assert len(times) < 30


def test_a_check_to_where_nobody_was_heard_keeps_its_times() -> None:
    bench = Bench()
    bench.agent.set_remote_parameters("0", EMBEDS)
    bench.agent.send_flight("0", 1, [DATAGRAM])
    bench.agent.add_remote_candidate("0", host_candidate())
    times: list[float] = []
    now = 1.0
    while now < 4.0:
        bench.agent.handle_timer(now=now)
        times += [now for _ in bench.agent.transmits()]
        now = max(now, bench.agent.get_timer() or 0.0)
    assert [time - times[0] for time in times] == pytest.approx([0.0, 0.5, 1.5])


def test_a_source_that_never_answers_is_sent_little() -> None:
    """Who knows the credentials may forge it, whatever it asks for."""
    bench = Bench(None, [b"\x16" * 1000])
    bench.hear((), DATAGRAM)
    responses = [response for _ in range(100) for response in bench.hear((), b"")]
    assert sum(len(carried(response)[1] or b"") for response in responses) <= MAX_UNPROVEN
