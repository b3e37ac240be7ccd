"""Two ICE agents connect over real UDP sockets on this machine and say hello.

    python -m demos.two_agents

Shows how little a driver has to do: after every input send what the agent wants sent, look at
its events, and wake up when it asks to.
"""

import os
import selectors
import socket
import time

from peer.ice import (
    CandidateGathered,
    DataReceived,
    Event,
    GatheringCompleted,
    IceAgent,
    IceConfig,
    IceRole,
    PacingBudget,
    RemoteParameters,
    SelectedPairChanged,
    StateChanged,
)

STREAM = "0"
HOSTS = ("127.0.0.1", "127.0.0.2")


class Driver:
    """Runs one agent over sockets of its own."""

    def __init__(self, name: str, role: IceRole, budget: PacingBudget) -> None:
        config = IceConfig(allow_loopback=True)
        self.name = name
        self.agent = IceAgent(config, role=role, entropy=os.urandom, budget=budget)
        self.parameters = self.agent.add_stream(STREAM)
        self.sockets: dict[tuple[str, int], socket.socket] = {}
        self.greeting = b""

    def bind(self, selector: selectors.BaseSelector) -> None:
        """Open a socket on each address and tell the agent about it."""
        for host in HOSTS:
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.setblocking(False)
            sock.bind((host, 0))
            self.sockets[sock.getsockname()] = sock
            selector.register(sock, selectors.EVENT_READ, self)
            self.agent.add_base(STREAM, 1, sock.getsockname())
        self.agent.end_of_bases(STREAM)

    def read(self, sock: socket.socket) -> None:
        """Give one datagram to the agent."""
        data, source = sock.recvfrom(2048)
        local = sock.getsockname()
        self.agent.receive_datagram(data, local=local, source=source, now=time.monotonic())

    def pump(self, other: "Driver", started: float) -> None:
        """Do what follows every input: send, then look at the events."""
        for transmit in self.agent.transmits():
            self.sockets[transmit.local].sendto(transmit.data, transmit.remote)
        while (event := self.agent.next_event()) is not None:
            elapsed = (time.monotonic() - started) * 1000
            self.show(event, elapsed)
            self.signal(event, other)

    def signal(self, event: Event, other: "Driver") -> None:
        """Stand in for the signalling channel: candidates go straight to the other side."""
        if isinstance(event, CandidateGathered):
            other.agent.add_remote_candidate(STREAM, event.candidate)
        elif isinstance(event, GatheringCompleted):
            other.agent.end_of_remote_candidates(STREAM)
        elif isinstance(event, SelectedPairChanged) and event.nominated:
            self.agent.send(STREAM, 1, b"\x80hello from " + self.name.encode())
        elif isinstance(event, DataReceived):
            self.greeting = event.data[1:]

    def show(self, event: Event, elapsed: float) -> None:
        """Print what happened."""
        prefix = f"{elapsed:7.1f} ms  {self.name:6}"
        if isinstance(event, CandidateGathered):
            print(f"{prefix} candidate  {event.candidate.address}")
        elif isinstance(event, StateChanged):
            print(f"{prefix} state      {event.state.value}")
        elif isinstance(event, SelectedPairChanged):
            how = "nominated" if event.nominated else "valid"
            print(f"{prefix} {how:10} {event.local.address} -> {event.remote.address}")
        elif isinstance(event, DataReceived):
            print(f"{prefix} data       {event.data[1:].decode()!r}")


def connect(timeout: float = 10.0) -> tuple[bytes, bytes]:
    """Connect two agents; returns what each heard from the other."""
    started = time.monotonic()
    selector = selectors.DefaultSelector()
    budget = PacingBudget()
    alice = Driver("alice", IceRole.CONTROLLING, budget)
    bob = Driver("bob", IceRole.CONTROLLED, budget)
    sides = ((alice, bob), (bob, alice))
    for side, other in sides:
        side.bind(selector)
        parameters = other.parameters
        side.agent.set_remote_parameters(
            STREAM, RemoteParameters(parameters.username_fragment, parameters.password)
        )
    while time.monotonic() < started + timeout and not (alice.greeting and bob.greeting):
        for side, other in sides:
            side.pump(other, started)
        timers = [side.agent.get_timer() for side, _ in sides]
        due = min((timer for timer in timers if timer is not None), default=started + timeout)
        for key, _ in selector.select(max(0.0, due - time.monotonic())):
            assert isinstance(key.fileobj, socket.socket)
            key.data.read(key.fileobj)
        for side, _ in sides:
            timer = side.agent.get_timer()
            if timer is not None and timer <= time.monotonic():
                side.agent.handle_timer(now=time.monotonic())
    for side, _ in sides:
        side.agent.close()
        for sock in side.sockets.values():
            sock.close()
    selector.close()
    return alice.greeting, bob.greeting


def main() -> None:
    """Run the demo; exits with 1 when the agents do not connect."""
    if connect() != (b"hello from bob", b"hello from alice"):
        raise SystemExit("the agents did not connect")
    print("connected")


if __name__ == "__main__":
    main()
