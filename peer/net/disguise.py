"""What of our addresses is told (RFC 8828, draft-ietf-mmusic-mdns-ice-candidates)."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address

from peer.ice import (
    Candidate,
    CandidateGathered,
    CandidateRemoved,
    CandidateStatistics,
    CandidateType,
    GatheringFailed,
    GatherPolicy,
    IceStatistics,
    SelectedPairChanged,
    TransportAddress,
)

from .config import NetConfig
from .events import DriverEvent
from .interfaces import AddressPolicy

_DISCARD_PORT = 9

NameOf = Callable[[str], str | None]


class Disguise:
    """Changes what the agent tells of local candidates into what may be known outside.

    That is the same for the peer, for signalling and for the application, whose statistics and logs
    go ways of their own. `publish` gives the ``.local`` name of a host address. An address that
    `is_fallback` is told in any case: every machine has it. So is the external address that a host
    address is `replaced_by`: it is meant to be known.
    """

    def __init__(
        self,
        net: NetConfig,
        gather: GatherPolicy,
        *,
        publish: Callable[[str], str],
        is_fallback: Callable[[str], bool],
        replaced_by: NameOf,
    ) -> None:
        self._named = net.hide_addresses
        self._hides = self._named or net.policy is AddressPolicy.DEFAULT_ROUTE_PUBLIC
        # A peer that may know relays alone learns nothing of where they are asked from.
        self._hides_related = self._hides or gather is GatherPolicy.RELAY
        self._publish = publish
        self._is_fallback = is_fallback
        self._replaced_by = replaced_by
        self._changes = self._hides_related or bool(net.external)
        self._names: dict[str, str] = {}
        # Those of addresses that are gone are told of still, when candidates end and in figures.
        self._outside: dict[str, str] = {}

    def event(self, event: DriverEvent) -> DriverEvent | None:
        """Give an event as it may be seen; None when it may not be seen at all."""
        if not self._changes:
            return event
        match event:
            case CandidateGathered() | CandidateRemoved():
                told = self._candidate(event.candidate)
                return None if told is None else replace(event, candidate=told)
            case SelectedPairChanged():
                return replace(event, local=self._candidate(event.local) or _blank(event.local))
            case GatheringFailed() if self._hides_related and not self._is_fallback(
                event.local.host
            ):
                # W3C webrtc-pc §4.8.2: no address that no candidate tells of.
                return replace(event, local=_nowhere(event.local.host, port=0))
        return event

    def statistics(self, figures: IceStatistics) -> IceStatistics:
        """Give statistics as they may be seen (W3C webrtc-stats §8.12)."""
        if not self._changes:
            return figures
        return replace(figures, candidates=tuple(map(self._figures, figures.candidates)))

    def _candidate(self, candidate: Candidate) -> Candidate | None:
        host = self._told(candidate.type, candidate.address.host, self._name)
        if host is None:
            return None
        related = candidate.related_address
        return replace(
            candidate,
            address=TransportAddress(host, candidate.address.port),
            # Draft §3.1.2.2: it would tell what the name hides.
            related_address=_nowhere(candidate.address.host)
            if related is not None and self._hides_related
            else related,
        )

    def _figures(self, figures: CandidateStatistics) -> CandidateStatistics:
        if figures.remote or figures.address is None:
            return figures
        host = self._told(figures.candidate_type, figures.address, self._names.get)
        hides = self._hides_related
        return replace(
            figures,
            address=host,
            port=None if host is None else figures.port,
            related_address=None if hides else figures.related_address,
            related_port=None if hides else figures.related_port,
        )

    def _told(self, kind: CandidateType, host: str, name_of: NameOf) -> str | None:
        """Give what stands for an address, None when nothing may."""
        external = self._external(host) if kind is CandidateType.HOST else None
        if external is not None:
            return external
        if not self._hides or self._is_fallback(host):
            return host
        if kind is CandidateType.HOST:
            if self._named:
                return name_of(host)
            return host if ip_address(host).is_global else None
        # Peer-reflexive ones are never signalled; the others are meant to be known.
        return None if kind is CandidateType.PEER_REFLEXIVE else host

    def _external(self, host: str) -> str | None:
        known = self._outside.get(host) or self._replaced_by(host)
        if known is not None:
            self._outside[host] = known
        return known

    def _name(self, host: str) -> str:
        known = self._names.get(host)
        if known is None:
            known = self._names[host] = self._publish(host)
        return known


def _blank(candidate: Candidate) -> Candidate:
    return replace(
        candidate,
        address=_nowhere(candidate.address.host),
        related_address=None,
        hidden=True,
    )


def _nowhere(host: str, *, port: int = _DISCARD_PORT) -> TransportAddress:
    return TransportAddress("::" if ":" in host else "0.0.0.0", port)
