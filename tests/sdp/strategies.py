"""Hypothesis strategies for the records of sdp: values a sender may put into a description."""

import string
from typing import TypeVar

from hypothesis import strategies as st

from sdp import (
    STATIC_CODECS,
    Attribute,
    Bandwidth,
    Candidate,
    Codec,
    Connection,
    Description,
    Direction,
    DtlsAttributes,
    Extmap,
    Feedback,
    Fingerprint,
    Group,
    IceAttributes,
    MediaSection,
    Msid,
    MsidSemantic,
    Origin,
    RemoteCandidate,
    Rid,
    RidDirection,
    RtcpAddress,
    RtcpAttributes,
    SctpAttributes,
    Sctpmap,
    Setup,
    Simulcast,
    SimulcastRid,
    Ssrc,
    SsrcGroup,
    Timing,
)

T = TypeVar("T")

ALPHANUMERIC = string.ascii_letters + string.digits


def words(alphabet: str, most: int = 8) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=1, max_size=most)


def tuples_of(elements: st.SearchStrategy[T], most: int = 3) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(elements, max_size=most).map(lambda items: tuple(items))


def maybe(elements: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    return st.none() | elements


tokens = words(ALPHANUMERIC + "!#$%&'*+-.^_`{|}~")
ice_chars = words(ALPHANUMERIC + "+/")
rid_ids = words(ALPHANUMERIC + "-_")
ports = st.integers(0, 65535)
lines = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), min_size=1, max_size=20
)
numbers = st.integers(0, 2**64)

names = st.sampled_from(["203.0.113.1", "2001:db8::1", "0.0.0.0", "3f0c.local"])


def connections() -> st.SearchStrategy[Connection]:
    return st.builds(Connection, names, st.sampled_from(["IP4", "IP6"]))


@st.composite
def candidates(draw: st.DrawFn) -> Candidate:
    transport = draw(st.sampled_from(["udp", "tcp"]))
    kind = draw(st.sampled_from(["host", "srflx", "prflx", "relay"]))
    related = kind != "host"
    reserved = {"raddr", "rport", "tcptype"}
    return Candidate(
        draw(words(ALPHANUMERIC + "+/", 32)),
        draw(st.integers(1, 256)),
        transport,
        draw(st.integers(1, 2**31 - 1)),
        draw(names),
        draw(ports),
        kind,
        draw(names) if related else None,
        draw(ports) if related else None,
        draw(st.sampled_from(["active", "passive", "so"])) if transport == "tcp" else None,
        draw(tuples_of(st.tuples(tokens.filter(lambda name: name not in reserved), tokens))),
    )


def ice_attributes(*, media: bool) -> st.SearchStrategy[IceAttributes]:
    options = st.lists(tokens, max_size=3, unique=True).map(lambda items: tuple(items))
    level: dict[str, st.SearchStrategy[object]] = {
        "ufrag": maybe(ice_chars),
        "pwd": maybe(ice_chars),
        "options": options,
        "end_of_candidates": st.booleans(),
    }
    if media:
        remote = st.builds(RemoteCandidate, st.integers(1, 256), names, ports)
        level["candidates"] = tuples_of(candidates())
        level["mismatch"] = st.booleans()
        level["remote_candidates"] = tuples_of(remote)
    return st.builds(IceAttributes, **level)


def dtls_attributes() -> st.SearchStrategy[DtlsAttributes]:
    digest = st.binary(min_size=32, max_size=32).map(lambda octets: octets.hex(":").upper())
    return st.builds(
        DtlsAttributes,
        fingerprints=tuples_of(st.builds(Fingerprint, st.just("sha-256"), digest)),
        setup=maybe(st.sampled_from(Setup)),
        tls_id=maybe(words(ALPHANUMERIC + "+/-_", 40)),
    )


def rtcp_attributes() -> st.SearchStrategy[RtcpAttributes]:
    flags = st.booleans()
    address = st.builds(RtcpAddress, ports, maybe(connections()))
    return st.builds(RtcpAttributes, maybe(address), flags, flags, flags)


def parameters() -> st.SearchStrategy[tuple[tuple[str, str | None], ...]]:
    values = words(ALPHANUMERIC + "=,/-")
    return tuples_of(st.tuples(words(ALPHANUMERIC + "-/,"), maybe(values)))


def feedback() -> st.SearchStrategy[Feedback]:
    return st.builds(Feedback, tokens, maybe(tokens))


@st.composite
def codecs(draw: st.DrawFn, payload_type: int) -> Codec:
    return Codec(
        payload_type,
        draw(tokens),
        draw(st.integers(1, 2**32 - 1)),
        draw(st.integers(1, 255)),
        draw(parameters()),
        draw(tuples_of(feedback())),
    )


def extmaps() -> st.SearchStrategy[Extmap]:
    identifiers = st.integers(1, 255) | st.integers(4096, 4351)
    return st.builds(Extmap, identifiers, tokens, maybe(st.sampled_from(Direction)), maybe(tokens))


def rids() -> st.SearchStrategy[Rid]:
    restrictions = st.tuples(
        st.sampled_from(["max-width", "max-fps", "max-br", "depend"]), maybe(words(ALPHANUMERIC))
    )
    payload_types = tuples_of(st.integers(0, 127))
    direction = st.sampled_from(RidDirection)
    return st.builds(Rid, rid_ids, direction, payload_types, tuples_of(restrictions))


def draw_simulcast(draw: st.DrawFn) -> dict[str, object]:
    """Rids, each once, and a simulcast of those."""
    unique = {(rid.id, rid.direction): rid for rid in draw(tuples_of(rids()))}
    if not unique:
        return {}
    known = st.sampled_from(sorted({rid.id for rid in unique.values()}))
    stream = st.builds(SimulcastRid, known, st.booleans())
    alternatives = st.lists(stream, min_size=1, max_size=2).map(lambda items: tuple(items))
    streams = tuples_of(alternatives)
    simulcasts = st.builds(Simulcast, streams, streams)
    simulcast = maybe(simulcasts.filter(lambda value: value.send or value.recv))
    return {"rids": tuple(unique.values()), "simulcast": draw(simulcast)}


@st.composite
def sources(draw: st.DrawFn) -> tuple[Ssrc, ...]:
    attribute = st.builds(Attribute, tokens, maybe(lines.filter(lambda line: line == line.strip())))
    attributes = st.lists(attribute, min_size=1, max_size=3).map(lambda items: tuple(items))
    numbers = draw(st.lists(st.integers(0, 2**32 - 1), max_size=3, unique=True))
    return tuple(Ssrc(ssrc, draw(attributes)) for ssrc in numbers)


def bandwidths() -> st.SearchStrategy[Bandwidth]:
    return st.builds(Bandwidth, st.sampled_from(["AS", "TIAS", "CT", "X-y"]), st.integers(0, 2**31))


def unknown_attributes() -> st.SearchStrategy[Attribute]:
    return st.builds(Attribute, tokens.map(lambda token: f"x-{token}"), maybe(lines))


def common_fields(*, media: bool) -> dict[str, st.SearchStrategy[object]]:
    return {
        "information": maybe(lines),
        "connection": maybe(connections()),
        "bandwidths": tuples_of(bandwidths()),
        "direction": maybe(st.sampled_from(Direction)),
        "ice": ice_attributes(media=media),
        "dtls": dtls_attributes(),
        "extmaps": tuples_of(extmaps()),
        "extmap_allow_mixed": st.booleans(),
        "other": tuples_of(unknown_attributes()),
    }


@st.composite
def media_sections(draw: st.DrawFn) -> MediaSection:
    kind = draw(st.sampled_from(["audio", "video", "application", "text"]))
    common = {name: draw(field) for name, field in common_fields(media=True).items()}
    common["mid"] = draw(maybe(tokens))
    common["bundle_only"] = draw(st.booleans())
    common["rtcp"] = draw(rtcp_attributes())
    if kind == "application":
        sctpmap = st.builds(Sctpmap, ports, tokens, maybe(ports))
        common["sctp"] = draw(
            st.builds(
                SctpAttributes, maybe(ports), maybe(st.integers(0, 2**64 - 1)), maybe(sctpmap)
            )
        )
        protocol, formats = "UDP/DTLS/SCTP", ["webrtc-datachannel"]
    else:
        dynamic = [number for number in range(128) if number not in STATIC_CODECS]
        payload_types = draw(
            st.lists(st.sampled_from(dynamic), min_size=1, max_size=4, unique=True)
        )
        common |= draw_rtp_fields(draw, payload_types)
        protocol, formats = "UDP/TLS/RTP/SAVPF", [str(number) for number in payload_types]
    return MediaSection(
        kind=kind,
        port=draw(ports),
        protocol=protocol,
        formats=tuple(formats),
        port_count=draw(maybe(st.integers(1, 9))),
        **common,  # type: ignore[arg-type]
    )


def draw_rtp_fields(draw: st.DrawFn, payload_types: list[int]) -> dict[str, object]:
    packet_time = st.integers(1, 10**6).map(lambda thousandths: thousandths / 1000)
    group = st.builds(SsrcGroup, tokens, tuples_of(st.integers(0, 2**32 - 1)))
    return {
        "codecs": tuple(draw(codecs(number)) for number in payload_types),
        "ptime": draw(maybe(packet_time)),
        "maxptime": draw(maybe(packet_time)),
        "msids": draw(tuples_of(st.builds(Msid, tokens, maybe(tokens)))),
        "ssrcs": draw(sources()),
        "ssrc_groups": draw(tuples_of(group)),
        **draw_simulcast(draw),
    }


def descriptions() -> st.SearchStrategy[Description]:
    origin = st.builds(Origin, tokens, numbers, numbers, st.just("IN"), st.just("IP4"), names)
    timing = st.builds(Timing, numbers, numbers, tuples_of(lines, 2))
    return st.builds(
        Description,
        origin=origin,
        session_name=lines,
        uri=maybe(lines),
        emails=tuples_of(lines, 2),
        phones=tuples_of(lines, 2),
        timings=st.lists(timing, min_size=1, max_size=2).map(lambda items: tuple(items)),
        zone=maybe(lines),
        groups=tuples_of(st.builds(Group, tokens, tuples_of(tokens))),
        ice_lite=st.booleans(),
        ice_pacing=maybe(st.integers(0, 10**10 - 1)),
        msid_semantics=tuples_of(st.builds(MsidSemantic, tokens, tuples_of(tokens))),
        media=tuples_of(media_sections(), 4),
        **common_fields(media=False),
    )
