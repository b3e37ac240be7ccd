"""transport and certificate."""

import base64
from dataclasses import replace

import pytest
from aiortc.rtcdtlstransport import certificate_digest
from cryptography import x509

from peer.stats import RTCCertificateStats, RTCTransportStats, StatsSources, TransportSource
from peer.stats.transport import certificate, cipher_name, transport_ids, transports
from peer.transports import DtlsRole
from tests.ice.test_stats import MEDIA, Duo
from tests.stats.figures import TIME, sources, transport
from tests.transports.test_dtls import run
from tests.transports.test_group import Groups, connected_groups
from tests.transports.wire import CERTIFICATE, OTHER_CERTIFICATE


def split(made: StatsSources) -> tuple[list[RTCTransportStats], dict[str, RTCCertificateStats]]:
    found = list(transports(made))
    return (
        [one for one in found if isinstance(one, RTCTransportStats)],
        {one.id: one for one in found if isinstance(one, RTCCertificateStats)},
    )


def test_before_anything_happened() -> None:
    async def scenario() -> None:
        (stats,), certificates = split(sources(transports=(transport(),)))
        assert (stats.type, stats.dtlsState, stats.dtlsRole) == ("transport", "new", "unknown")
        assert (stats.iceRole, stats.iceState) == ("controlling", "connected")
        assert (stats.packetsSent, stats.bytesReceived) == (0, 0)
        assert stats.tlsVersion is stats.dtlsCipher is stats.srtpCipher is None
        assert list(certificates) == [stats.localCertificateId]
        assert stats.remoteCertificateId is stats.selectedCandidatePairId is None

    run(scenario)


def test_a_connected_transport() -> None:
    async def scenario() -> None:
        async with connected_groups() as groups:
            (stats,), certificates = split(sources(transports=(transport(0, groups),)))
            counters = groups.left.rtp.counters
            assert (stats.dtlsState, stats.dtlsRole) == ("connected", "client")
            assert stats.tlsVersion in ("FEFD", "FEFC")
            assert stats.dtlsCipher is not None
            assert stats.dtlsCipher.startswith("TLS_")
            assert stats.srtpCipher is not None
            assert stats.srtpCipher.startswith("SRTP_A")
            assert stats.packetsSent == counters.packets_sent > 0
            assert stats.bytesReceived == counters.bytes_received > 0
            shown = [certificates[str(stats.localCertificateId)]]
            shown.append(certificates[str(stats.remoteCertificateId)])
            for one, ours in zip(shown, (CERTIFICATE, OTHER_CERTIFICATE), strict=True):
                assert base64.b64decode(one.base64Certificate) == ours.der

    run(scenario)


def test_a_certificate() -> None:
    stats = certificate(TIME, CERTIFICATE.der)
    loaded = x509.load_der_x509_certificate(base64.b64decode(stats.base64Certificate))
    assert stats.fingerprint == certificate_digest(loaded, "sha-256")
    assert (stats.type, stats.fingerprintAlgorithm) == ("certificate", "sha-256")
    assert stats.issuerCertificateId is None
    assert stats.id == certificate(TIME, CERTIFICATE.der).id
    assert stats.id != certificate(TIME, OTHER_CERTIFICATE.der).id


def test_rtcp_of_its_own_has_its_own_transport() -> None:
    async def scenario() -> None:
        async with connected_groups(2) as groups:
            made = sources(transports=(transport(0, groups),))
            (rtp, rtcp), _ = split(made)
            assert rtp.rtcpTransportStatsId == rtcp.id != rtp.id
            assert rtcp.rtcpTransportStatsId is None
            assert transport_ids(made) == {("0", 1): rtp.id, ("0", 2): rtcp.id}

    run(scenario)


def test_ice_knows_more() -> None:
    async def scenario() -> None:
        duo = Duo()
        duo.connect(1.0)
        duo.right.send("0", 1, MEDIA, now=1.5)
        duo.wire.run(1.0)
        ice = duo.right.stats()
        source = TransportSource(0, Groups().left, CERTIFICATE)
        made = replace(sources(transports=(source,)), ice=(ice,))
        (stats,), _ = split(made)
        assert (stats.packetsSent, stats.bytesSent, stats.packetsReceived) == (1, 6, 0)
        assert (stats.iceRole, stats.iceState) == ("controlled", "completed")
        assert stats.selectedCandidatePairId == ice.pairs[0].id
        assert stats.selectedCandidatePairChanges == 1
        assert stats.iceLocalUsernameFragment == ice.transports[0].ice_local_username_fragment
        (forgotten,), _ = split(replace(made, ice=(replace(ice, pairs=()),)))
        assert forgotten.selectedCandidatePairId is None

    run(scenario)


@pytest.mark.parametrize(
    ("openssl", "iana"),
    [
        ("ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
        ("ECDHE-RSA-AES256-GCM-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
        ("ECDHE-RSA-CHACHA20-POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
        ("ECDHE-ECDSA-AES128-SHA", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),
        ("TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"),
        ("AES128-SHA", "AES128-SHA"),
        (None, None),
    ],
)
def test_cipher_suites_have_the_names_of_iana(openssl: str | None, iana: str | None) -> None:
    """RFC 5289 §5, RFC 7905 §2, RFC 8422 §6."""
    assert cipher_name(openssl) == iana


def test_the_role_of_the_server() -> None:
    async def scenario() -> None:
        async with connected_groups() as groups:
            assert groups.right.rtp.role is DtlsRole.SERVER
            source = TransportSource(0, groups.right, OTHER_CERTIFICATE)
            (stats,), _ = split(sources(transports=(source,)))
            assert stats.dtlsRole == "server"

    run(scenario)
