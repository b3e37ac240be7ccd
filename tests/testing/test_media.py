"""Sound and pictures over bad networks, in virtual time."""

import asyncio

import pytest

from peer.rtp import CongestionFeedback, TransportFeedback
from peer.testing import (
    IDEAL,
    Conditions,
    GilbertElliott,
    Network,
    PictureTrack,
    ToneTrack,
    connect,
    run,
)
from peer.transports import MediaConfig

from .support import Heard, Seen, closing, now

SECONDS = 20


def heard_over(conditions: Conditions, seconds: float = SECONDS) -> Heard:
    """Listen to a tone over a line that behaves so in the other direction."""

    async def story() -> Heard:
        net = Network(seed=3)
        alice, bob = net.host("alice", link=conditions), net.host("bob", down=conditions)
        async with closing(alice.connection(), bob.connection()) as (a, b):
            a.addTrack(ToneTrack())
            heard = Heard(b)
            await connect(a, b)
            await asyncio.sleep(seconds)
            return heard

    return run(story(), seed=3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("conditions", "gap"),
    [
        (Conditions(delay=0.02), 0.021),
        (Conditions(delay=0.02, jitter=0.04), 0.1),
        (Conditions(delay=0.02, loss=0.05), 0.13),
        (Conditions(delay=0.02, loss=0.1), 0.2),
        (Conditions(delay=0.02, burst=GilbertElliott(0.01, 0.25)), 0.6),
        (Conditions(delay=0.02, reordering=0.1, reordering_delay=0.05), 0.15),
        (Conditions(delay=0.02, rate=64_000, queue=0.2), 0.2),
    ],
    ids=["clean", "jitter", "5 %", "10 %", "bursts", "reordering", "slow"],
)
def test_sound_goes_on(conditions: Conditions, gap: float) -> None:
    heard = heard_over(conditions)
    assert heard.samples == pytest.approx(SECONDS * 48000, rel=0.03)
    assert heard.longest_gap < gap


@pytest.mark.parametrize("seconds", [0.5, 3.0])
def test_sound_goes_on_after_an_outage(seconds: float) -> None:
    async def story() -> None:
        net = Network()
        alice, bob = net.host("alice"), net.host("bob")
        async with closing(alice.connection(), bob.connection()) as (a, b):
            a.addTrack(ToneTrack())
            heard = Heard(b)
            await connect(a, b)
            await asyncio.sleep(5)
            await bob.line.outage(seconds)
            restored = now()
            await asyncio.sleep(5)
            assert min(t for t in heard.times if t > restored) - restored < 0.3

    run(story())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("conditions", "frozen"),
    [
        (IDEAL, 0.15),
        (Conditions(delay=0.02, loss=0.02), 0.6),
        (Conditions(delay=0.02, loss=0.05), 1.5),
        (Conditions(delay=0.02, rate=600_000, queue=0.3), 1.0),
    ],
    ids=["clean", "2 %", "5 %", "slow"],
)
def test_pictures_go_on(conditions: Conditions, frozen: float) -> None:
    async def story() -> Seen:
        net = Network(seed=5)
        alice, bob = net.host("alice", link=conditions), net.host("bob")
        async with closing(alice.connection(), bob.connection()) as (a, b):
            a.addTrack(PictureTrack())
            seen = Seen(b)
            await connect(a, b)
            await asyncio.sleep(SECONDS)
            return seen

    seen = run(story(), seed=5)
    assert seen.numbers == sorted(seen.numbers)
    assert seen.numbers[-1] > (SECONDS - 2) * 15
    assert seen.longest_gap < frozen


@pytest.mark.slow
def test_no_sample_is_missing_after_two_minutes_of_voice() -> None:
    async def story() -> tuple[Heard, Heard]:
        net = Network(seed=1)
        net.stun_server()
        line = Conditions(delay=0.03, jitter=0.01, loss=0.01)
        alice = net.host("alice", nat="port-restricted", link=line)
        bob = net.host("bob", nat="port-restricted", link=line)
        async with closing(alice.connection(), bob.connection()) as (a, b):
            a.addTrack(ToneTrack(400))
            b.addTrack(ToneTrack(800))
            heard = Heard(a), Heard(b)
            await connect(a, b)
            await asyncio.sleep(120)
            return heard

    for each in run(story()):
        assert each.samples == pytest.approx(120 * 48000, rel=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("by_stream", [True, False])
def test_a_line_is_used_by_either_feedback(
    by_stream: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Transport-wide numbers, or RFC 8888 where both sides want it."""

    async def story() -> tuple[str, float, set[type]]:
        net = Network(seed=2)
        line = Conditions(delay=0.02, rate=1_000_000, queue=0.3)
        alice, bob = net.host("alice", link=line), net.host("bob")
        media = MediaConfig(congestion_feedback=True) if by_stream else None
        ends = [one.connection(media=media) for one in (alice, bob)]
        async with closing(*ends) as (a, b):
            told: set[type] = set()
            a.addTrack(PictureTrack())
            await connect(a, b)
            sending = a._session.links.all[0].group.sending
            take = sending.take

            def note(feedback: TransportFeedback | CongestionFeedback, now: float) -> None:
                told.add(type(feedback))
                take(feedback, now)

            monkeypatch.setattr(sending, "take", note)
            await asyncio.sleep(SECONDS)
            assert a.localDescription is not None
            return a.localDescription.sdp, sending.bitrate or 0.0, told

    sdp, bitrate, told = run(story(), seed=2)
    assert ("a=rtcp-fb:* ack ccfb" in sdp) is by_stream
    assert told == {CongestionFeedback if by_stream else TransportFeedback}
    assert 500_000 < bitrate < 1_300_000
