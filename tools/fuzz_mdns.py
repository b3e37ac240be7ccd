"""What neighbours ask by multicast DNS, with the bound of what they get for it."""

from collections.abc import Callable
from contextlib import suppress

from peer.net.dns_message import TYPE_A, DnsError, Message, Question, build, parse
from peer.net.mdns_responder import AMPLIFICATION, Responder

PORT = 5353


class _Link:
    """A link that counts what goes to one host."""

    def __init__(self) -> None:
        self.bytes_to_one = 0

    def send(self, data: bytes, remote: tuple[str, int] | None = None) -> None:
        if remote is not None:
            self.bytes_to_one += len(data)


class _Loop:
    """A clock that stands still."""

    def time(self) -> float:
        return 0.0

    def call_later(self, _delay: float, _call: Callable[..., object], /, *_: object) -> "_Loop":
        return self

    def cancel(self) -> None:
        """What is put off never comes."""


def _responder() -> tuple[Responder, _Link, tuple[str, ...]]:
    responder = Responder(_Loop(), PORT)
    link = _Link()
    responder.links = [link]
    return responder, link, tuple(map(responder.publish, ("192.0.2.1", "2001:db8::1")))


def fuzz_mdns(data: bytes) -> None:
    """Let one of our names be asked for, by a neighbour and by a simple resolver."""
    for port in (PORT, PORT + 1):
        responder, link, names = _responder()
        for name, stand_in in zip(names, NAMES, strict=True):
            data = data.replace(stand_in.encode(), name[:36].encode())
        with suppress(DnsError):
            message, ident = parse(data)
            build(Message(message.response, (), message.answers), ident=ident)
            responder.answer(link, message, ident, ("192.0.2.9", port), len(data))
        assert link.bytes_to_one <= AMPLIFICATION * len(data)


NAMES = ("0" * 36, "1" * 36)
"""What is replaced by our names in the seeds."""
MDNS_SEEDS = (
    build(Message(False, tuple(Question(f"{name}.local", TYPE_A, True) for name in NAMES))),
    build(Message(False, (Question(f"{NAMES[0]}.local", TYPE_A),) * 60), ident=7),
    build(Message(False, (Question(f"{NAMES[1]}.local", 28),)), ident=7),
)
