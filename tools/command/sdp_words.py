"""What a line of a description means."""

from collections.abc import Callable

from peer.explain import endpoint
from sdp import SdpError, parse_candidate

_LINES = {
    "v": "version of SDP",
    "s": "name of the session, which WebRTC leaves empty",
    "t": "when it takes place: always",
    "b": "bandwidth that is asked for",
    "i": "a title",
    "u": "an address with more about it",
    "e": "an electronic address to ask at",
    "p": "a telephone number",
    "k": "a key, as it was given before DTLS",
    "z": "time zones",
}
_ATTRIBUTES = {
    "group": "sections that share a transport (BUNDLE), by their mids",
    "msid-semantic": "what msid means; of no use any more",
    "extmap-allow-mixed": "header extensions of one and two bytes may be mixed",
    "ice-ufrag": "user name of ICE: names the generation that candidates belong to",
    "ice-pwd": "password of ICE: signs the checks; it is not shown",
    "ice-options": "what ICE can do besides",
    "ice-lite": "the sender answers checks and sends none",
    "ice-pacing": "milliseconds between checks",
    "end-of-candidates": "no candidate follows",
    "mid": "the name of the section",
    "sendrecv": "sends and receives",
    "sendonly": "sends, and receives nothing",
    "recvonly": "receives, and sends nothing",
    "inactive": "neither sends nor receives",
    "rtcp": "where RTCP goes when it is not multiplexed",
    "rtcp-mux": "RTP and RTCP share a port",
    "rtcp-mux-only": "RTCP is multiplexed, or there is no section",
    "rtcp-rsize": "RTCP packets may be small",
    "rtcp-xr": "reports of RTCP that are understood besides",
    "bundle-only": "used if it is bundled, or not at all",
    "ssrc": "an attribute of a stream, by its number",
    "ssrc-group": "streams that belong together, such as a stream and its repairs",
    "msid": "the MediaStream and the track that is sent",
    "rid": "an encoding of the track",
    "simulcast": "encodings that are sent or taken at once",
    "sctp-port": "port of SCTP inside of DTLS",
    "sctpmap": "port of SCTP in the old way",
    "max-message-size": "bytes of the largest message that is taken",
    "sctp-init": "the INIT of SCTP, which spares its handshake",
    "ptime": "milliseconds of sound in a packet",
    "maxptime": "milliseconds of sound in a packet at most",
    "crypto": "a key in the open (SDES); it is not shown",
    "imageattr": "sizes of pictures",
    "framerate": "pictures a second",
}
_SETUP = {
    "actpass": "either side may begin the DTLS handshake",
    "active": "this side begins the DTLS handshake",
    "passive": "the other side begins the DTLS handshake",
    "holdconn": "no handshake yet",
}


def words_of_line(line: str) -> str:
    """Say what a line means, "" where there is nothing to say."""
    letter, mark, value = line.partition("=")
    if not mark or len(letter) != 1:
        return "no line of SDP: a letter and = are missing"
    if letter == "m":
        return _media(value)
    if letter == "o":
        return _origin(value)
    if letter == "c":
        return "address of media" + ("; with ICE it means nothing" if "0.0.0.0" in value else "")
    if letter == "a":
        name, _, text = value.partition(":")
        special = _SPECIAL.get(name)
        return special(text) if special is not None else _ATTRIBUTES.get(name, "unknown here")
    return _LINES.get(letter, "unknown")


def _origin(value: str) -> str:
    parts = value.split()
    version = parts[2] if len(parts) > 2 else "?"
    return f"who made it; version {version}, which grows with each description"


def _media(value: str) -> str:
    kind, port, protocol, *formats = [*value.split(), "", "", ""][: max(3, len(value.split()))]
    state = {
        "0": "rejected, or bundle-only",
        "9": "with a port that candidates tell later",
    }.get(port, f"at port {port}")
    what = "data channels" if "DTLS/SCTP" in protocol else f"{len(formats)} payload types"
    return f"a section for {kind}, {state}, over {protocol}: {what}"


def _rtpmap(text: str) -> str:
    number, _, codec = text.partition(" ")
    name, rate, channels = [*codec.split("/"), "", ""][:3]
    more = f", {channels} channels" if channels else ""
    return f"{number} is {name} at {rate} Hz{more}"


def _about(what: str) -> Callable[[str], str]:
    def words(text: str) -> str:
        number, _, rest = text.partition(" ")
        return f"{what.format(number)} {rest}".rstrip()

    return words


def _candidate(text: str) -> str:
    try:
        one = parse_candidate(text)
    except SdpError as error:
        return f"a candidate that cannot be read: {error.reason}"
    base = "" if one.related_address is None else f", seen from {one.related_address}"
    kind = {
        "host": "an own address",
        "srflx": "an address as a STUN server sees it",
        "prflx": "an address as the peer sees it",
        "relay": "an address on a TURN server",
    }.get(one.type, f"an address of an unknown type {one.type}")
    return f"{kind}: {endpoint(one.address, one.port)} over {one.transport}{base}"


def _fingerprint(text: str) -> str:
    return f"the certificate that DTLS will show, by its {text.partition(' ')[0]}"


def _setup(text: str) -> str:
    return _SETUP.get(text, f"an unknown role in DTLS: {text}")


_SPECIAL: dict[str, Callable[[str], str]] = {
    "rtpmap": _rtpmap,
    "fmtp": _about("settings of {0}:"),
    "rtcp-fb": _about("feedback that {0} takes:"),
    "extmap": _about("{0} is the header extension"),
    "candidate": _candidate,
    "fingerprint": _fingerprint,
    "setup": _setup,
}
