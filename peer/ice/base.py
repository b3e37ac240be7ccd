"""Bases: the transport addresses the agent sends from (RFC 8445 §4)."""

from .address import TransportAddress, is_ipv6, is_link_local
from .candidate import Candidate, CandidateType, TcpType, TransportProtocol
from .config import NetworkType
from .events import IceRole
from .priority import pair_priority
from .turn import Allocation


class Base:
    """A socket of the driver's, a listening or active TCP address, or a relayed address.

    For a relayed base `relay` is the allocation behind it, `via` the base it was made from and
    `server_connection` the handle of the one to the server, None over UDP. A `shared` one has its
    socket in common with others, `external` are addresses of NATs that lead to it for good.
    """

    __slots__ = (
        "address",
        "component",
        "external",
        "host",
        "ipv6",
        "link_local",
        "local_preference",
        "network",
        "relay",
        "released",
        "server_connection",
        "shared",
        "stream",
        "tcp_type",
        "transport",
        "via",
    )

    def __init__(
        self,
        stream: str,
        component: int,
        address: TransportAddress,
        *,
        network: NetworkType = NetworkType.UNKNOWN,
        transport: TransportProtocol = TransportProtocol.UDP,
        tcp_type: TcpType | None = None,
        relay: Allocation | None = None,
        via: "Base | None" = None,
        server_connection: int | None = None,
        shared: bool = False,
        external: tuple[TransportAddress, ...] = (),
    ) -> None:
        self.stream = stream
        self.component = component
        self.address = address
        self.network = network
        self.transport = transport
        self.tcp_type = tcp_type
        self.relay = relay
        self.via = via
        self.server_connection = server_connection
        self.shared = shared
        self.external = external
        self.local_preference = 0
        self.released = False
        self.host: LocalCandidate | None = None
        self.ipv6 = is_ipv6(address.host)
        self.link_local = is_link_local(address.host)


class LocalCandidate:
    """A local candidate with its base and the PRIORITY its checks carry (RFC 8445 §7.1.1)."""

    __slots__ = ("base", "candidate", "check_priority")

    def __init__(self, candidate: Candidate, base: Base, check_priority: int) -> None:
        self.candidate = candidate
        self.base = base
        self.check_priority = check_priority

    def pair_priority(self, remote: Candidate, role: IceRole) -> int:
        """Give the priority of a pair with `remote` when our role is `role`."""
        if role is IceRole.CONTROLLING:
            return pair_priority(self.candidate.priority, remote.priority)
        return pair_priority(remote.priority, self.candidate.priority)

    @property
    def is_base(self) -> bool:
        """Tell whether pairs are formed with it, as opposed to with its base (§6.1.2.4)."""
        return self.candidate.type in (CandidateType.HOST, CandidateType.RELAYED)
