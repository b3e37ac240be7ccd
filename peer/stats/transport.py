"""Statistics of transports and certificates: ICE below, DTLS and SRTP above."""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from datetime import datetime

from peer.ice import TransportStatistics
from peer.transports import DtlsRole, DtlsTransport, IceTransport

from .report import RTCStats
from .sources import StatsSources, TransportSource

_VERSIONS = {"DTLSv1": "FEFF", "DTLSv1.2": "FEFD", "DTLSv1.3": "FEFC"}
"""The numbers of RFC 6347 §4.1 and RFC 9147 §5.3, as the W3C's tlsVersion has them."""
_ROLES = {DtlsRole.AUTO: "unknown", DtlsRole.CLIENT: "client", DtlsRole.SERVER: "server"}
_PROFILES = {
    "SRTP_AES128_CM_SHA1_80": "SRTP_AES128_CM_HMAC_SHA1_80",
    "SRTP_AES128_CM_SHA1_32": "SRTP_AES128_CM_HMAC_SHA1_32",
}
"""IANA's names of profiles that OpenSSL calls otherwise (RFC 5764 §4.1.2)."""
_CIPHERS = {
    "AES128-GCM-SHA256": "AES_128_GCM_SHA256",
    "AES256-GCM-SHA384": "AES_256_GCM_SHA384",
    "CHACHA20-POLY1305": "CHACHA20_POLY1305_SHA256",
    "AES128-SHA": "AES_128_CBC_SHA",
    "AES256-SHA": "AES_256_CBC_SHA",
}
"""IANA's names of ciphers by OpenSSL's."""


@dataclass
class RTCTransportStats(RTCStats):
    """A transport, of one component (type "transport").

    Bytes are those of DTLS and SRTP datagrams, without connectivity checks. The DTLS members
    beside `dtlsState` and `dtlsRole` are known while DTLS is connected. `drops` counts what arrived
    and was dropped above ICE, and feedback there was too much of, by the name of the reason.
    `faults` counts what the system refused when sockets were opened and datagrams sent, for all
    transports of the connection.
    """

    packetsSent: int
    packetsReceived: int
    bytesSent: int
    bytesReceived: int
    iceRole: str
    dtlsState: str
    _: KW_ONLY
    iceState: str | None = None
    iceLocalUsernameFragment: str | None = None
    rtcpTransportStatsId: str | None = None
    selectedCandidatePairId: str | None = None
    selectedCandidatePairChanges: int | None = None
    localCertificateId: str | None = None
    remoteCertificateId: str | None = None
    dtlsRole: str | None = None
    tlsVersion: str | None = None
    dtlsCipher: str | None = None
    srtpCipher: str | None = None
    drops: dict[str, int] | None = None
    faults: dict[str, int] | None = None


@dataclass
class RTCCertificateStats(RTCStats):
    """A certificate (type "certificate"); those of WebRTC sign themselves, and have no issuer."""

    fingerprint: str
    fingerprintAlgorithm: str
    base64Certificate: str
    _: KW_ONLY
    issuerCertificateId: str | None = None


def transport_ids(sources: StatsSources) -> dict[tuple[str, int], str]:
    """Return the id of each transport, by ICE stream and component."""
    return {
        (str(source.number), ice.component): _id(source, ice.component)
        for source in sources.transports
        for ice in source.group.ice
    }


def transports(sources: StatsSources) -> Iterator[RTCTransportStats | RTCCertificateStats]:
    """Yield the statistics of each transport, and of its certificates."""
    figures = {(one.stream, one.component): one for ice in sources.ice for one in ice.transports}
    pairs = {one.id for ice in sources.ice for one in ice.pairs}
    faults = sum((Counter(ice.faults) for ice in sources.ice), Counter[str]())
    for source in sources.transports:
        group = source.group
        for ice, dtls in zip(group.ice, group.dtls, strict=True):
            stats = _transport(sources.timestamp, source, ice, dtls)
            stats.faults = dict(faults) or None
            if ice.component == 1 and len(group.ice) > 1:
                stats.rtcpTransportStatsId = _id(source, group.ice[-1].component)
            below = figures.get((str(source.number), ice.component))
            if below is not None:
                _add_ice(stats, below, pairs)
            yield from _add_certificates(stats, source.certificate.der, dtls.remote_certificate)
            yield stats


def certificate(timestamp: datetime, der: bytes) -> RTCCertificateStats:
    """Return the statistics of a certificate."""
    fingerprint = hashlib.sha256(der).digest().hex(":").upper()
    encoded = base64.b64encode(der).decode()
    return RTCCertificateStats(
        timestamp, "certificate", f"CF{fingerprint}", fingerprint, "sha-256", encoded
    )


def _id(source: TransportSource, component: int) -> str:
    return source.id if component == 1 else f"{source.id}-{component}"


def _transport(
    timestamp: datetime, source: TransportSource, ice: IceTransport, dtls: DtlsTransport
) -> RTCTransportStats:
    counters = dtls.counters
    return RTCTransportStats(
        timestamp,
        "transport",
        _id(source, ice.component),
        counters.packets_sent,
        counters.packets_received,
        counters.bytes_sent,
        counters.bytes_received,
        ice.role,
        dtls.state,
        iceState=ice.state.value,
        dtlsRole=_ROLES[dtls.role],
        tlsVersion=_VERSIONS.get(dtls.protocol_version or ""),
        dtlsCipher=cipher_name(dtls.cipher),
        srtpCipher=_PROFILES.get(dtls.srtp_profile or "", dtls.srtp_profile),
        drops=source.group.dropped(ice.component) or None,
    )


def _add_ice(stats: RTCTransportStats, figures: TransportStatistics, pairs: set[str]) -> None:
    """Prefer the figures of ICE: they go on when DTLS begins anew (RFC 8842 §6)."""
    stats.packetsSent, stats.bytesSent = figures.packets_sent, figures.bytes_sent
    stats.packetsReceived, stats.bytesReceived = figures.packets_received, figures.bytes_received
    stats.iceRole, stats.iceState = figures.ice_role.value, figures.ice_state.value
    stats.iceLocalUsernameFragment = figures.ice_local_username_fragment
    stats.selectedCandidatePairChanges = figures.selected_candidate_pair_changes
    if figures.selected_candidate_pair_id in pairs:
        stats.selectedCandidatePairId = figures.selected_candidate_pair_id


def _add_certificates(
    stats: RTCTransportStats, local: bytes, remote: bytes | None
) -> Iterator[RTCCertificateStats]:
    ours = certificate(stats.timestamp, local)
    stats.localCertificateId = ours.id
    yield ours
    if remote is not None:
        theirs = certificate(stats.timestamp, remote)
        stats.remoteCertificateId = theirs.id
        yield theirs


def cipher_name(name: str | None) -> str | None:
    """Return IANA's name of a cipher suite that OpenSSL names; those of TLS 1.3 have but one."""
    if name is None or not name.startswith("ECDHE-"):
        return name
    exchange, signature, cipher = name.split("-", 2)
    return f"TLS_{exchange}_{signature}_WITH_{_CIPHERS.get(cipher, cipher)}"
