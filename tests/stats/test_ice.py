"""candidate-pair, local-candidate and remote-candidate, from an agent's own figures."""

from dataclasses import fields, replace
from datetime import datetime, timedelta

import pytest

from peer.ice import (
    IceStatistics,
    NetworkType,
    PairState,
    TcpType,
    TransportProtocol,
)
from peer.stats import RTCIceCandidatePairStats, RTCIceCandidateStats, StatsSources
from peer.stats.ice import candidate_pairs, candidates
from tests.ice.test_stats import LEFT, MEDIA, RIGHT, Duo
from tests.stats.figures import TIME

IDS = {("0", 1): "T0"}


def figures_of(duo: Duo) -> IceStatistics:
    return duo.left.stats()


def connected() -> IceStatistics:
    duo = Duo()
    duo.connect(1.0)
    duo.left.send("0", 1, MEDIA, now=1.5)
    duo.wire.run(1.0)
    return figures_of(duo)


def sources_of(ice: IceStatistics) -> StatsSources:
    return StatsSources(ice.timestamp, TIME, ice=(ice,))


def pairs_of(ice: IceStatistics) -> list[RTCIceCandidatePairStats]:
    return list(candidate_pairs(sources_of(ice), IDS))


def candidates_of(ice: IceStatistics) -> dict[str, RTCIceCandidateStats]:
    return {stats.id: stats for stats in candidates(sources_of(ice), IDS)}


def test_a_pair_that_works() -> None:
    ice = connected()
    (figures,), (stats,) = ice.pairs, pairs_of(ice)
    assert (stats.type, stats.transportId, stats.state) == ("candidate-pair", "T0", "succeeded")
    assert (stats.nominated, stats.discarded, stats.reason) == (True, False, None)
    assert (stats.packetsSent, stats.bytesSent, stats.bytesReceived) == (1, 6, 0)
    assert stats.currentRoundTripTime == pytest.approx(0.02)
    assert stats.totalRoundTripTime == pytest.approx(0.02 * stats.responsesReceived)
    assert (stats.requestsSent, stats.responsesReceived) == (2, 2)
    assert (stats.requestsReceived, stats.responsesSent) == (1, 1)
    ago = timedelta(seconds=ice.timestamp - 1.5)
    assert stats.lastPacketSentTimestamp == TIME - ago
    assert stats.lastPacketReceivedTimestamp is None
    assert stats.priority == figures.priority


def test_the_life_of_a_pair() -> None:
    (stats,) = pairs_of(connected())
    states = [change.state for change in stats.changes]
    assert states[-2:] == ["in-progress", "succeeded"]
    times: list[datetime] = [change.timestamp for change in stats.changes]
    assert times == sorted(times)
    assert times[-1] < TIME


def test_a_pair_that_failed_says_why() -> None:
    duo = Duo()
    duo.wire.passes = lambda _transmit: False
    duo.connect(60.0)
    (stats,) = pairs_of(figures_of(duo))
    assert stats.state == "failed"
    assert stats.reason
    assert (stats.changes[-1].state, stats.changes[-1].reason) == ("failed", stats.reason)
    assert stats.currentRoundTripTime is None


def test_candidates_of_both_sides() -> None:
    ice = connected()
    (pair,) = pairs_of(ice)
    found = candidates_of(ice)
    local, remote = found[pair.localCandidateId], found[pair.remoteCandidateId]
    assert (local.type, remote.type) == ("local-candidate", "remote-candidate")
    for stats, address in ((local, LEFT), (remote, RIGHT)):
        assert (stats.address, stats.port, stats.protocol) == (*address, "udp")
        assert (stats.candidateType, stats.transportId, stats.component) == ("host", "T0", 1)
        assert stats.foundation
        assert stats.priority is not None
        assert stats.timestamp == TIME
    assert local.usernameFragment != remote.usernameFragment
    assert None not in (local.usernameFragment, remote.usernameFragment)


def test_what_only_some_candidates_have() -> None:
    ice = connected()
    first = ice.candidates[0]
    relayed = replace(
        first,
        protocol=TransportProtocol.TCP,
        tcp_type=TcpType.PASSIVE,
        url="turn:turn.example.com",
        relay_protocol="tls",
        related_address="192.0.2.1",
        related_port=9,
        network_type=NetworkType.WIFI,
        removed=True,
    )
    (stats,) = candidates_of(replace(ice, candidates=(relayed,))).values()
    assert (stats.protocol, stats.tcpType, stats.relayProtocol) == ("tcp", "passive", "tls")
    assert (stats.url, stats.networkType) == ("turn:turn.example.com", "wifi")
    assert (stats.relatedAddress, stats.relatedPort, stats.removed) == ("192.0.2.1", 9, True)


def test_a_hidden_address_stays_hidden() -> None:
    """draft-ietf-mmusic-mdns-ice-candidates §3.3."""
    ice = connected()
    hidden = replace(ice.candidates[0], address=None)
    (stats,) = candidates_of(replace(ice, candidates=(hidden,))).values()
    assert stats.address is None
    assert "address" not in stats.toJSON()


@pytest.mark.parametrize("network", NetworkType)
def test_networks_have_the_names_of_the_w3c(network: NetworkType) -> None:
    ice = connected()
    candidate = replace(ice.candidates[0], network_type=network)
    (stats,) = candidates_of(replace(ice, candidates=(candidate,))).values()
    known = {"bluetooth", "cellular", "ethernet", "wifi", "wimax", "vpn", "unknown"}
    assert stats.networkType in known


def test_a_valid_pair_names_the_pair_that_was_checked() -> None:
    duo = Duo()
    duo.wire.mapped[LEFT] = type(LEFT)("198.51.100.1", 6000)
    duo.connect(1.0)
    ice = figures_of(duo)
    checked, valid = pairs_of(ice)
    assert (checked.generatedById, valid.generatedById) == (None, checked.id)
    # the pair that was checked may be forgotten first
    (alone,) = pairs_of(replace(ice, pairs=ice.pairs[1:]))
    assert alone.generatedById is None


def test_what_belongs_to_no_transport_is_left_out() -> None:
    ice = connected()
    made = sources_of(ice)
    assert [*candidate_pairs(made, {}), *candidates(made, {})] == []


def test_every_state_has_the_name_of_the_w3c() -> None:
    ice = connected()
    for state in PairState:
        pair = replace(ice.pairs[0], state=state)
        (stats,) = pairs_of(replace(ice, pairs=(pair,)))
        assert stats.state in {"frozen", "waiting", "in-progress", "failed", "succeeded"}


def test_members_that_are_mandatory_to_implement() -> None:
    """W3C webrtc-pc §8.6."""
    pair = {one.name for one in fields(RTCIceCandidatePairStats)}
    assert pair >= {
        *("transportId", "localCandidateId", "remoteCandidateId", "state", "nominated"),
        *("bytesSent", "bytesReceived", "totalRoundTripTime", "responsesReceived"),
        "currentRoundTripTime",
    }
    candidate = {one.name for one in fields(RTCIceCandidateStats)}
    assert candidate >= {"address", "port", "protocol", "candidateType", "url"}
