"""The whole report: every reference resolves, ids stay, and selections follow references."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.stats import RTCStatsReport, StatsSources, TransportSource, collect
from tests.ice.test_stats import LEFT, MEDIA, Duo
from tests.stats.figures import (
    FakeChannel,
    audio_receiver,
    audio_sender,
    receiver,
    sender,
    sources,
    transport,
)
from tests.transports.media import PushedTrack
from tests.transports.test_dtls import run
from tests.transports.test_group import connected_groups
from tests.transports.wire import CERTIFICATE


async def with_connection(check: Callable[[StatsSources], None]) -> None:
    """Check a connection that has everything."""
    duo = Duo()
    duo.wire.mapped[LEFT] = type(LEFT)("198.51.100.1", 6000)
    duo.connect(1.0)
    duo.left.send("0", 1, MEDIA, now=1.5)
    duo.wire.run(1.0)
    async with connected_groups() as groups:
        check(
            sources(
                ice=(duo.left.stats(),),
                transports=(TransportSource(0, groups.left, CERTIFICATE), transport(1)),
                senders=(sender(), audio_sender()),
                receivers=(receiver(), audio_receiver()),
                channels=(FakeChannel(), FakeChannel()),
                channels_opened=2,
            )
        )


Part = TypeVar("Part")


def types(report: RTCStatsReport) -> set[str]:
    return {stats.type for stats in report.values()}


def dangling(report: RTCStatsReport) -> set[str]:
    return {name for stats in report.values() for name in stats.references()} - set(report)


def test_everything_is_there() -> None:
    def check(made: StatsSources) -> None:
        report = collect(made)
        assert types(report) == {
            *("codec", "inbound-rtp", "outbound-rtp", "remote-inbound-rtp", "remote-outbound-rtp"),
            *("media-source", "peer-connection", "data-channel", "transport", "candidate-pair"),
            *("local-candidate", "remote-candidate", "certificate"),
        }
        assert all(name == stats.id for name, stats in report.items())
        assert dangling(report) == set()

    run(lambda: with_connection(check))


def test_ids_and_their_order_stay() -> None:
    def check(made: StatsSources) -> None:
        assert list(collect(made)) == list(collect(replace(made, now=made.now + 1)))

    run(lambda: with_connection(check))


def test_of_a_sender() -> None:
    def check(made: StatsSources) -> None:
        report = collect(made, made.senders[1].sender)
        assert types(report) == {
            *("outbound-rtp", "remote-inbound-rtp", "codec", "media-source", "transport"),
            *("candidate-pair", "local-candidate", "remote-candidate", "certificate"),
        }
        kinds = {getattr(stats, "kind", "audio") for stats in report.values()}
        assert kinds == {"audio"}
        assert dangling(report) == set()
        assert collect(made, made.senders[1].sender.track) == report

    run(lambda: with_connection(check))


def test_of_a_receiver() -> None:
    def check(made: StatsSources) -> None:
        report = collect(made, made.receivers[0].receiver)
        assert types(report) == {
            *("inbound-rtp", "remote-outbound-rtp", "codec", "transport"),
            *("candidate-pair", "local-candidate", "remote-candidate", "certificate"),
        }
        (transport_stats,) = [one for one in report.values() if one.type == "transport"]
        assert transport_stats.id == "T0"
        assert collect(made, made.receivers[0].receiver.track) == report

    run(lambda: with_connection(check))


def test_only_the_selected_pair_is_referenced() -> None:
    """W3C webrtc-pc §8.3: what the streams refer to, not all there is of ICE."""

    def check(made: StatsSources) -> None:
        pairs = [one for one in collect(made).values() if one.type == "candidate-pair"]
        report = collect(made, made.senders[0].sender)
        chosen = next(one for one in report.values() if one.type == "transport")
        selected = {name for name in chosen.references() if name in {pair.id for pair in pairs}}
        assert len(selected) == 1
        assert selected <= set(report)

    run(lambda: with_connection(check))


def test_a_selector_that_fits_nothing_or_twice() -> None:
    track = PushedTrack("video")
    with pytest.raises(LookupError):
        collect(sources(), track)
    one = sender()
    shared = replace(one, transceiver=5)
    with pytest.raises(LookupError):
        collect(sources(senders=(one, shared)), one.sender.track)


def test_an_empty_connection() -> None:
    assert types(collect(sources())) == {"peer-connection"}


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_references_resolve_whatever_is_missing(data: st.DataObject) -> None:
    def check(made: StatsSources) -> None:
        some = replace(
            made,
            ice=_some(data, made.ice),
            transports=_some(data, made.transports),
            senders=_some(data, made.senders),
            receivers=_some(data, made.receivers),
        )
        first = data.draw(st.integers(0, 3))
        ice = [replace(one, pairs=one.pairs[first:]) for one in some.ice]
        some = replace(some, ice=tuple(ice))
        assert dangling(collect(some)) == set()
        for owner in some.senders:
            assert dangling(collect(some, owner.sender)) == set()

    run(lambda: with_connection(check))


def _some(data: st.DataObject, parts: tuple[Part, ...]) -> tuple[Part, ...]:
    return tuple(part for part in parts if data.draw(st.booleans()))
