"""Whatever the server, the network and the application do, an allocation stays in its bounds."""

from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from peer.ice import stun
from peer.ice.address import TransportAddress
from peer.ice.stun import Method
from peer.ice.turn import (
    Allocation,
    AllocationEvent,
    AllocationFailed,
    AllocationLost,
    AllocationState,
    RelayFamily,
    Released,
    TurnConfig,
    TurnRequest,
)

from .server import RELAYED, RELAYED6, SERVER, Attributes, Entropy, FakeServer

ENDS = (AllocationState.RELEASED, AllocationState.FAILED, AllocationState.LOST)
PEERS = st.integers(1, 4).map(lambda number: TransportAddress(f"198.51.100.{number}", 1000))
CODES = st.sampled_from([300, 400, 401, 403, 408, 420, 437, 438, 440, 441, 442, 443, 486, 500, 508])


class AnyCourse(RuleBasedStateMachine):
    """Random requests, answers, delays and wishes."""

    server = SERVER

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.fake = FakeServer()
        self.allocation = Allocation(
            self.server, entropy=Entropy(), config=TurnConfig(max_peers=3, permission_batch=2)
        )
        self.outstanding: list[TurnRequest] = []
        self.endings: list[AllocationEvent] = []
        self.numbers: dict[int, Any] = {}

    def take(self, events: list[AllocationEvent]) -> None:
        ends = (AllocationFailed, AllocationLost, Released)
        self.endings += [event for event in events if isinstance(event, ends)]

    @rule(seconds=st.sampled_from([0.0, 0.05, 1.0, 39.5, 60.0, 240.0, 299.0, 600.0, 5000.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def start(self) -> None:
        due = self.allocation.next_time()
        request = self.allocation.start(self.now)
        assert (request is not None) == (due is not None and due <= self.now)
        if request is None:
            return
        self.outstanding.append(request)
        message = stun.parse(request.data)
        assert len(request.data) <= 548
        if message.method == Method.CREATE_PERMISSION:
            assert 1 <= len(message.get_all(stun.XOR_PEER_ADDRESS)) <= 2
        if message.method == Method.CHANNEL_BIND:
            number = message.get(stun.CHANNEL_NUMBER)
            assert number is not None
            assert 0x4000 <= number <= 0x4FFF
            peer = message.get(stun.XOR_PEER_ADDRESS)
            assert self.numbers.setdefault(number, peer) == peer

    @precondition(lambda self: self.outstanding)
    @rule(data=st.data(), relayed=st.sampled_from([[RELAYED], [RELAYED, RELAYED6], [RELAYED6], []]))
    def answer(self, data: st.DataObject, relayed: list[TransportAddress]) -> None:
        request = data.draw(st.sampled_from(self.outstanding))
        self.fake.relayed = relayed
        response = self.fake.answer(request.data)
        self.take(self.allocation.handle_response(stun.parse(response), self.now))

    @precondition(lambda self: self.outstanding)
    @rule(data=st.data(), code=CODES, signed=st.booleans())
    def refuse(self, data: st.DataObject, code: int, signed: bool) -> None:
        request = stun.parse(data.draw(st.sampled_from(self.outstanding)).data)
        key = self.fake.key("user") if signed else None
        attributes: Attributes = [
            (stun.REALM, "example.org"),
            (stun.NONCE, f"nonce-{len(self.outstanding)}"),
            (stun.ALTERNATE_SERVER, TransportAddress("203.0.113.9", 3478)),
        ]
        response = self.fake.error(request, code, attributes, key)
        self.take(self.allocation.handle_response(stun.parse(response), self.now))

    @precondition(lambda self: self.outstanding)
    @rule(data=st.data())
    def time_out(self, data: st.DataObject) -> None:
        request = data.draw(st.sampled_from(self.outstanding))
        self.outstanding.remove(request)
        self.take(self.allocation.handle_timeout(request.transaction_id, self.now))

    @rule(peer=PEERS, channel=st.booleans())
    def want(self, peer: TransportAddress, channel: bool) -> None:
        if channel:
            self.allocation.want_channel(peer, self.now)
        else:
            self.allocation.want_permission(peer, self.now)

    @rule(peer=PEERS, channel=st.booleans())
    def drop(self, peer: TransportAddress, channel: bool) -> None:
        if channel:
            self.allocation.drop_channel(peer)
        else:
            self.allocation.drop_permission(peer)

    @rule(data=st.binary(max_size=30), peer=PEERS)
    def carry(self, data: bytes, peer: TransportAddress) -> None:
        wrapped = self.allocation.wrap(data, peer, self.now)
        self.allocation.unwrap(data, self.now)
        if self.allocation.state is not AllocationState.ALLOCATED:
            assert wrapped is None

    @rule(username=st.sampled_from(["user", "other"]))
    def update_credentials(self, username: str) -> None:
        self.allocation.update_credentials(username, "secret")

    @rule()
    def release(self) -> None:
        self.allocation.release(self.now)

    @rule()
    def release_relayed(self) -> None:
        if self.allocation.relayed:
            self.allocation.release_relayed(self.allocation.relayed[0], self.now)

    @rule()
    def lose_connection(self) -> None:
        self.take(self.allocation.handle_connection_lost(self.now, "closed"))

    @invariant()
    def ends_once(self) -> None:
        assert len(self.endings) <= 1
        if self.endings:
            assert self.allocation.state in ENDS
        if self.allocation.state in ENDS:
            assert self.allocation.next_time() is None

    @invariant()
    def has_an_address_and_an_end_while_it_stands(self) -> None:
        if self.allocation.state is AllocationState.ALLOCATED:
            assert self.allocation.relayed
            assert self.allocation.expires is not None


class AnyDualCourse(AnyCourse):
    """The same with two relayed addresses."""

    server = replace(SERVER, address_family=RelayFamily.DUAL)


TestAnyCourse = AnyCourse.TestCase
TestAnyDualCourse = AnyDualCourse.TestCase
TestAnyCourse.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAnyDualCourse.settings = TestAnyCourse.settings
