"""Descriptions that say the same, and ones that nearly do."""

import random

import pytest

from peer.jsep.errors import DOMException
from peer.jsep.meaning import is_same
from peer.jsep.offer import create_offer
from tests.jsep.ends import make_end


def offer() -> str:
    end = make_end(0)
    end.add("audio")
    end.add("video")
    return create_offer(end.state, entropy=end.entropy)[1]


OFFER = offer()


def shuffled(text: str) -> str:
    """Put the lines of each kind of attribute behind those of another."""
    head, *sections = text.split("m=")
    written = [head]
    for section in sections:
        lines = section.splitlines(keepends=True)
        first = [line for line in lines if not line.startswith("a=")]
        by_name: dict[str, list[str]] = {}
        for line in lines[len(first) :]:
            # What codecs say of themselves belongs together.
            name = line[2:].partition(":")[0]
            by_name.setdefault(name, []).append(line)
        names = list(by_name)
        random.Random(1).shuffle(names)
        written.append("".join(first + [line for name in names for line in by_name[name]]))
    return "m=".join(written)


@pytest.mark.parametrize(
    "same",
    [
        OFFER.replace("\r\n", "\n"),
        OFFER.strip(),
        OFFER.replace("\r\n", " \r\n", 8),
        shuffled(OFFER),
        OFFER.replace("m=audio 9 ", "m=audio 50000 ").replace(
            "c=IN IP4 0.0.0.0", "c=IN IP4 192.0.2.1"
        ),
        OFFER + "a=candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host\r\n",
        OFFER + "a=end-of-candidates\r\n",
    ],
    ids=["line ends", "stripped", "spaces", "order", "default", "candidate", "end"],
)
def test_what_says_the_same_is_taken(same: str) -> None:
    assert same != OFFER
    assert is_same(OFFER, same)


@pytest.mark.parametrize(
    "other",
    [
        OFFER.replace("sendrecv", "sendonly", 1),
        OFFER.replace("opus", "PCMU", 1),
        OFFER.replace("m=audio 9 ", "m=audio 0 "),
        OFFER.replace("a=rtcp-mux\r\n", "", 1),
        OFFER[: OFFER.index("m=video")],
        "nonsense",
    ],
)
def test_what_says_something_else_is_not(other: str) -> None:
    assert other != OFFER
    assert not is_same(OFFER, other)


def test_a_description_may_be_set_as_it_was_written_again() -> None:
    end = make_end(0)
    end.add("audio")
    end.state, text = create_offer(end.state, entropy=end.entropy)
    before = end.state
    with pytest.raises(DOMException):
        end.set_local("offer", text.replace("sendrecv", "sendonly"))
    assert end.state is before
    end.set_local("offer", shuffled(text).replace("\r\n", "\n"))
    assert end.local.text == text
