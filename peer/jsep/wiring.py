"""What exists below the descriptions: transports, and the media and data that run over them.

A description never says what to do. It says how things shall be, and the plan is the difference
between two wirings.
"""

import enum
from collections.abc import Iterable, Mapping
from dataclasses import field

from peer.jsep.credentials import IceCredentials
from peer.records import dataclass
from sdp import Candidate, Codec, Extmap, Fingerprint, SsrcGroup


class DtlsRole(enum.Enum):
    """Who sends the ClientHello (RFC 5763 §5)."""

    CLIENT = "client"
    SERVER = "server"

    @property
    def other(self) -> "DtlsRole":
        """The role of the peer."""
        return DtlsRole.SERVER if self is DtlsRole.CLIENT else DtlsRole.CLIENT


@dataclass(frozen=True, slots=True)
class RemoteIce:
    """ICE parameters of the peer for one transport; `pacing` in milliseconds, None for none."""

    credentials: IceCredentials
    lite: bool = False
    pacing: int | None = None
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DtlsParameters:
    """A DTLS association; a higher `association` on the same transport is a new one.

    `role` is as signalled last. An association that goes on keeps the role it was started with.
    """

    role: DtlsRole
    fingerprints: tuple[Fingerprint, ...]
    association: int = 0


@dataclass(frozen=True, slots=True)
class Transport:
    """One ICE stream and the DTLS association over each of its components.

    `mid` names the section its candidates belong to. `components` is 2 while RTCP may have a
    component of its own. `remote_candidates` are those of the present remote generation.
    """

    id: int
    mid: str
    components: int
    local: IceCredentials
    remote: RemoteIce | None = None
    dtls: DtlsParameters | None = None
    remote_candidates: tuple[Candidate, ...] = ()
    end_of_remote_candidates: bool = False


@dataclass(frozen=True, slots=True)
class ReceiveParameters:
    """How to receive one section's media; inactive ones only take and send RTCP.

    `codecs` and `header_extensions` carry the numbers of the local description, `ssrcs` and
    `ssrc_groups` those the peer announced; `codecs` have what it says of what it sends in them
    ("sprop" parameters). Our reports go by `rtcp_ssrc` and `cname`.
    """

    mid: str
    transport: int
    active: bool
    codecs: tuple[Codec, ...]
    header_extensions: tuple[Extmap, ...]
    reduced_size: bool
    rtcp_ssrc: int
    cname: str
    ssrcs: tuple[int, ...] = ()
    ssrc_groups: tuple[SsrcGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class SendParameters:
    """How to send one section's media; while inactive only RTCP is sent (RFC 3264 §5.1).

    `codecs` carry the payload types of the remote description, in the peer's order of preference.
    `rids` is empty unless simulcast or a single rid was agreed. `max_bitrate` is in bits per
    second, `packet_time` and `max_packet_time` are in milliseconds (RFC 8866 §6.4, §6.5).
    """

    mid: str
    transport: int
    active: bool
    codecs: tuple[Codec, ...]
    header_extensions: tuple[Extmap, ...]
    reduced_size: bool
    ssrc: int
    rtx_ssrc: int | None
    fec_ssrc: int | None
    cname: str
    rids: tuple[str, ...] = ()
    max_bitrate: int | None = None
    packet_time: float | None = None
    max_packet_time: float | None = None


@dataclass(frozen=True, slots=True)
class DataParameters:
    """The SCTP association; `max_message_size` is the peer's limit, 0 for none.

    `local_init` and `remote_init` are the INIT chunks of both sides, where both have one in their
    descriptions.
    """

    mid: str
    transport: int
    local_port: int
    remote_port: int
    max_message_size: int
    local_init: bytes | None = None
    remote_init: bytes | None = None


@dataclass(frozen=True, slots=True)
class Wiring:
    """Everything that runs; mappings are never changed once the record is made.

    `sections` gives the transport of every live section, `receivers` and `senders` go by
    transceiver id. `controlling` is None until the first offer is set.
    """

    controlling: bool | None = None
    transports: Mapping[int, Transport] = field(default_factory=dict)
    sections: Mapping[str, int] = field(default_factory=dict)
    receivers: Mapping[int, ReceiveParameters] = field(default_factory=dict)
    senders: Mapping[int, SendParameters] = field(default_factory=dict)
    data: DataParameters | None = None

    def by_home(self) -> dict[str, Transport]:
        """Return the transports by the mid their candidates belong to."""
        return {transport.mid: transport for transport in self.transports.values()}

    def transport_of(self, mid: str) -> Transport | None:
        """Return the transport the section runs over."""
        number = self.sections.get(mid)
        return None if number is None else self.transports.get(number)


EMPTY_WIRING = Wiring()


def same_certificate(old: Iterable[Fingerprint], new: Iterable[Fingerprint]) -> bool:
    """Tell whether two sets of fingerprints can be of one certificate, by the hashes in common."""
    before, after = _by_algorithm(old), _by_algorithm(new)
    common = before.keys() & after.keys()
    return bool(common) and all(before[name] == after[name] for name in common)


def _by_algorithm(fingerprints: Iterable[Fingerprint]) -> dict[str, frozenset[str]]:
    values: dict[str, set[str]] = {}
    for fingerprint in fingerprints:
        values.setdefault(fingerprint.algorithm, set()).add(fingerprint.value)
    return {name: frozenset(found) for name, found in values.items()}
