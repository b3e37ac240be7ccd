"""What is done in a call, whoever it is with."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from peer import RTCBundlePolicy, RTCConfiguration, RTCRtcpMuxPolicy
from peer.ice import EmbeddingState, IceConfig

from .party import Kind, Side, Signalling, Talk

Story = Callable[[Talk, Side], Awaitable[None]]


@dataclass(frozen=True)
class Scenario:
    """A story, and the settings of our side."""

    name: str
    about: str
    story: Story
    settings: dict[str, Any] = field(default_factory=dict)
    signalling: Signalling = Signalling.TRICKLED

    def configuration(self, trace: str) -> RTCConfiguration:
        """Give our settings, with a trace to a file."""
        return RTCConfiguration(iceServers=[], trace=trace, **self.settings)


async def data(talk: Talk, offerer: Side) -> None:
    """Have a channel, with a message there and back."""
    await talk.make_channel(offerer, "first")
    await talk.negotiate(offerer)
    await talk.connected()
    await talk.echo("first", "one")


async def audio(talk: Talk, offerer: Side) -> None:
    """Hear each other."""
    await media(talk, offerer, Kind.AUDIO)


async def video(talk: Talk, offerer: Side) -> None:
    """See each other."""
    await media(talk, offerer, Kind.VIDEO)


async def both(talk: Talk, offerer: Side) -> None:
    """Hear and see each other."""
    await media(talk, offerer, Kind.AUDIO, Kind.VIDEO)


async def media(talk: Talk, offerer: Side, *kinds: Kind) -> None:
    """Have tracks both ways."""
    await talk.add(*kinds)
    await talk.negotiate(offerer)
    await talk.connected()
    await talk.flows()


async def everything(talk: Talk, offerer: Side) -> None:
    """Hear, see and write to each other."""
    await talk.make_channel(offerer, "first")
    await both(talk, offerer)
    await talk.echo("first", "one")


async def channel_joins(talk: Talk, offerer: Side) -> None:
    """Negotiate again, and have another channel."""
    await data(talk, offerer)
    await talk.make_channel(offerer, "second")
    await talk.negotiate(offerer)
    await talk.echo("second", "two")
    await talk.echo("first", "three")


async def media_joins(talk: Talk, offerer: Side) -> None:
    """Negotiate media for a call that has data."""
    await data(talk, offerer)
    await both(talk, offerer)
    await talk.echo("first", "two")


async def restart(talk: Talk, offerer: Side) -> None:
    """Restart ICE, with other credentials on both sides (RFC 8445 §9)."""
    await data(talk, offerer)
    before = fragments(talk)
    await talk.restart(offerer)
    after = fragments(talk)
    assert all(one != other for one, other in zip(before, after, strict=True)), (
        f"the username fragments were {before} and are {after}"
    )
    await talk.connected()
    await talk.echo("first", "two")


def fragments(talk: Talk) -> list[str]:
    """Give our username fragment, and theirs."""
    descriptions = talk.ours.localDescription, talk.ours.remoteDescription
    return [re.findall(r"a=ice-ufrag:(\S+)", each.sdp)[0] for each in descriptions]


async def early(talk: Talk, offerer: Side) -> None:
    """Have the DTLS handshake in checks, and SCTP's INIT in descriptions."""
    await data(talk, offerer)
    (link,) = talk.ours._session.links.all.values()
    embedding = link.driver.component(link.stream).embedding
    assert embedding in (EmbeddingState.PENDING, EmbeddingState.COMPLETE), embedding
    assert "a=sctp-init:" in talk.ours.remoteDescription.sdp


SCENARIOS = (
    Scenario("data", "a channel, a message there and back (RFC 8831)", data),
    Scenario("audio", "sound both ways", audio),
    Scenario("video", "pictures both ways", video),
    Scenario("everything", "sound, pictures and data over one transport (RFC 9143)", everything),
    Scenario(
        "complete descriptions",
        "no candidate trickles (RFC 8839)",
        data,
        signalling=Signalling.COMPLETE,
    ),
    Scenario(
        "trickled in",
        "only their candidates are known, and trickle (RFC 8838)",
        data,
        signalling=Signalling.WITHHELD,
    ),
    Scenario("channel joins", "another offer for another channel (RFC 9429)", channel_joins),
    Scenario("media joins", "another offer, for media in a call of data", media_joins),
    Scenario("restart", "ICE restarts in a call (RFC 8445 §9)", restart),
    Scenario("balanced", "BUNDLE, balanced", both, {"bundlePolicy": RTCBundlePolicy.BALANCED}),
    Scenario(
        "max-compat", "BUNDLE, max-compat", both, {"bundlePolicy": RTCBundlePolicy.MAX_COMPAT}
    ),
    Scenario(
        "max-bundle", "BUNDLE, max-bundle", both, {"bundlePolicy": RTCBundlePolicy.MAX_BUNDLE}
    ),
    Scenario(
        "no mux",
        "RTCP has a component of its own where they want it (RFC 5761)",
        audio,
        {"rtcpMuxPolicy": RTCRtcpMuxPolicy.NEGOTIATE},
    ),
    Scenario("ice lite", "we are lite (RFC 8445 §2.5)", data, {"ice": IceConfig(lite=True)}),
    Scenario("early handshakes", "DTLS in checks and SCTP in descriptions (SPED, SNAP)", early),
)
