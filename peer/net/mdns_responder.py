"""Answering for the names we made up (draft-ietf-mmusic-mdns-ice-candidates §3.1.1, RFC 6762 §6).

Whoever asks may have forged the address an answer goes to, and whoever answers everybody at once
can be made to fill the link. So a record leaves at most once a second on each link, whether to one
host or to the group, and what goes to one host is at most twice as long as its question.
"""

import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from .dns_message import (
    TYPE_A,
    TYPE_AAAA,
    TYPE_ANY,
    AddressRecord,
    Message,
    Question,
    build,
)

INTERVAL = 1.0
"""Seconds between two times that a record leaves on one link (RFC 6762 §6)."""
ANNOUNCE_AFTER = 0.75
"""Seconds after which a name is announced that nobody has asked for: as long as probing would take,
which is left out, because nobody else makes up the same UUID (draft §3.1.1)."""
LEGACY_TTL = 10
"""Seconds that a simple resolver may keep an answer, at most (RFC 6762 §6.7)."""
AMPLIFICATION = 2
"""Bytes of an answer to one host for each byte of its question."""


class Timer(Protocol):
    """A call that is due later."""

    def cancel(self) -> None:
        """Have it not be made."""


class Clock(Protocol):
    """The part of an event loop that tells the time."""

    def time(self) -> float:
        """Give the seconds now."""

    def call_later(self, delay: float, callback: Callable[..., object], /, *args: object) -> Timer:
        """Call in so many seconds."""


class Link(Protocol):
    """A link that names are told on."""

    def send(self, data: bytes, remote: tuple[str, int] | None = None) -> None:
        """Send to everybody, or to one host."""


_Key = tuple[Link, str]


class Responder:
    """Publishes names of our addresses on some links, which are all there at the first name."""

    def __init__(self, clock: Clock, port: int) -> None:
        self._clock = clock
        self._port = port
        self._published: dict[str, str] = {}
        self._told: dict[_Key, float] = {}
        self._due: dict[_Key, Timer] = {}
        self.links: Sequence[Link] = ()

    def host_of(self, name: str) -> str | None:
        """Give the address of a name of ours."""
        return self._published.get(name)

    def publish(self, host: str) -> str:
        """Make up a name for an address, which is announced soon (RFC 6762 §8.3)."""
        for name, known in self._published.items():
            if known == host:
                return name
        name = f"{uuid.uuid4()}.local"
        self._published[name] = host
        for link in self.links:
            self._tell_later((link, name), ANNOUNCE_AFTER)
        return name

    def withdraw_all(self) -> None:
        """Take all names back (RFC 6762 §10.1)."""
        for timer in self._due.values():
            timer.cancel()
        self._due.clear()
        self._told.clear()
        for name, host in self._published.items():
            goodbye = build(Message(True, answers=(AddressRecord(name, host, ttl=0),)))
            for link in self.links:
                link.send(goodbye)
        self._published.clear()

    def answer(
        self, link: Link, message: Message, ident: int, source: tuple[str, int], size: int
    ) -> None:
        """Answer a query of `size` bytes, as far as it is about names of ours."""
        questions = tuple(filter(self._is_ours, message.questions))
        names = list(dict.fromkeys(question.name for question in questions))
        if source[1] != self._port:
            # RFC 6762 §6.7: a simple resolver expects its question and identifier back.
            self._reply(link, names, source, size, questions, ident)
        elif all(question.unicast for question in questions):
            told = self._reply(link, names, source, size)
            self._want(link, [name for name in names if name not in told])
        else:
            self._want(link, names)

    def _is_ours(self, question: Question) -> bool:
        host = self._published.get(question.name)
        if host is None:
            return False
        return question.type in (TYPE_ANY, TYPE_AAAA if ":" in host else TYPE_A)

    def _reply(
        self,
        link: Link,
        names: Iterable[str],
        source: tuple[str, int],
        size: int,
        questions: tuple[Question, ...] = (),
        ident: int = 0,
    ) -> list[str]:
        """Answer one host, with as much as is allowed; gives the names that were told."""
        told = [name for name in names if self._wait((link, name)) <= 0]
        while told:
            ttl = {"ttl": LEGACY_TTL} if questions else {}
            answers = tuple(AddressRecord(name, self._published[name], **ttl) for name in told)
            reply = build(Message(True, questions, answers), ident=ident)
            if len(reply) <= AMPLIFICATION * size:
                link.send(reply, source)
                break
            told.pop()
        for name in told:
            self._told[link, name] = self._clock.time()
        return told

    def _want(self, link: Link, names: Iterable[str]) -> None:
        """Tell the group of names, as soon as that is allowed."""
        for name in names:
            key = (link, name)
            wait = self._wait(key)
            if wait > 0:
                self._tell_later(key, wait)
                continue
            timer = self._due.pop(key, None)
            if timer is not None:
                timer.cancel()
            self._tell(key)

    def _wait(self, key: _Key) -> float:
        """Give the seconds until a record may leave again."""
        told = self._told.get(key)
        return 0.0 if told is None else told + INTERVAL - self._clock.time()

    def _tell_later(self, key: _Key, wait: float) -> None:
        if key not in self._due:
            self._due[key] = self._clock.call_later(wait, self._tell_due, key)

    def _tell_due(self, key: _Key) -> None:
        del self._due[key]
        self._want(key[0], [key[1]])

    def _tell(self, key: _Key) -> None:
        link, name = key
        self._told[key] = self._clock.time()
        link.send(build(Message(True, answers=(AddressRecord(name, self._published[name]),))))
