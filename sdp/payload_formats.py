"""Reading payload formats: what a=rtpmap, a=fmtp and a=rtcp-fb of a section say together."""

from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache

from sdp.errors import MalformedError, Tolerated
from sdp.fmtp import Parameters, parse_parameters
from sdp.limits import MAX_WILDCARD_FEEDBACK
from sdp.rtp import STATIC_CODECS, Codec, Encoding, Feedback, parse_encoding, parse_feedback

_PAYLOAD_TYPES = {str(payload_type): payload_type for payload_type in range(128)}
_STATIC_ENCODINGS = {
    str(payload_type): Encoding(codec.name, codec.clock_rate, codec.channels)
    for payload_type, codec in STATIC_CODECS.items()
}
_MAX_WILDCARD_LENGTH = 256
_MAX_REMEMBERED_LENGTH = 8192


class AttributeLines:
    """Values of one attribute in a section, each with its line number."""

    __slots__ = ("numbers", "values")

    def __init__(self, values: Sequence[str] = ()) -> None:
        self.values = list(values)
        self.numbers = [1] * len(values)


def canonical_format(fmt: str) -> str:
    """Return the shortest form of a payload type, which some peers write with leading zeros."""
    if fmt.startswith("0") and fmt.isdecimal():
        return fmt.lstrip("0") or "0"
    return fmt


def read_codecs(
    formats: tuple[str, ...],
    rtpmaps: AttributeLines,
    fmtps: AttributeLines,
    feedback: AttributeLines,
    tolerated: list[Tolerated],
    line_number: int,
) -> tuple[Codec, ...]:
    """Return the codecs of a section that ends at `line_number`, in the order of `formats`."""
    values = (formats, tuple(rtpmaps.values), tuple(fmtps.values), tuple(feedback.values))
    if sum(sum(map(len, texts)) for texts in values) <= _MAX_REMEMBERED_LENGTH:
        with suppress(MalformedError):
            return _remembered_codecs(*values)
    reader = _FormatReader()
    reader.read(rtpmaps, fmtps, feedback)
    codecs = reader.codecs(formats, line_number)
    tolerated += reader.tolerated
    return codecs


# The sections of a description, and the descriptions of a browser, mostly list the same codecs.
# Only what is without fault is remembered: the rest needs its own line numbers.
@lru_cache(maxsize=128)
def _remembered_codecs(
    formats: tuple[str, ...],
    rtpmaps: tuple[str, ...],
    fmtps: tuple[str, ...],
    feedback: tuple[str, ...],
) -> tuple[Codec, ...]:
    reader = _FormatReader()
    reader.read(AttributeLines(rtpmaps), AttributeLines(fmtps), AttributeLines(feedback))
    codecs = reader.codecs(formats, 1)
    if reader.tolerated:
        raise MalformedError("something to tolerate")
    return codecs


class _FormatReader:
    """Joins the three attributes by payload type."""

    __slots__ = ("encodings", "feedback", "parameters", "tolerated", "wildcard_feedback")

    def __init__(self) -> None:
        self.tolerated: list[Tolerated] = []
        self.encodings: dict[str, Encoding] = {}
        self.parameters: dict[str, Parameters] = {}
        self.feedback: dict[str, list[Feedback]] = {}
        self.wildcard_feedback: dict[Feedback, None] = {}

    def read(
        self, rtpmaps: AttributeLines, fmtps: AttributeLines, feedback: AttributeLines
    ) -> None:
        for number, value in zip(rtpmaps.numbers, rtpmaps.values, strict=True):
            self._read_rtpmap(number, value)
        for number, value in zip(fmtps.numbers, fmtps.values, strict=True):
            self._read_fmtp(number, value)
        for number, value in zip(feedback.numbers, feedback.values, strict=True):
            self._read_feedback(number, value)

    def codecs(self, formats: tuple[str, ...], line_number: int) -> tuple[Codec, ...]:
        codecs = []
        for fmt in dict.fromkeys(formats):
            encoding = self.encodings.pop(fmt, None) or _STATIC_ENCODINGS.get(fmt)
            payload_type = _PAYLOAD_TYPES.get(fmt)
            if encoding is None or payload_type is None:
                self._tolerate(line_number, f"format {fmt[:32]} is not described")
            else:
                codecs.append(self._codec(payload_type, fmt, encoding))
        for name, left in (("rtpmap", self.encodings), ("fmtp", self.parameters)):
            for fmt in left:
                reason = f"a={name} for format {fmt[:32]}, which m= does not list"
                self._tolerate(line_number, reason)
        return tuple(codecs)

    def _codec(self, payload_type: int, fmt: str, encoding: Encoding) -> Codec:
        feedback = tuple(self.feedback.get(fmt, ()))
        # RFC 4585 §4.2: the wildcard is for every payload type; retransmissions have no feedback.
        if self.wildcard_feedback and encoding.name.lower() != "rtx":
            feedback = tuple(dict.fromkeys([*feedback, *self.wildcard_feedback]))
        name, clock_rate, channels, _ = encoding
        parameters = self.parameters.pop(fmt, ())
        return Codec(payload_type, name, clock_rate, channels, parameters, feedback)

    def _tolerate(self, line_number: int, reason: str) -> None:
        self.tolerated.append(Tolerated(line_number, reason))

    def _split(self, number: int, value: str) -> tuple[str, str]:
        """Split a value into the format it is about and what it says."""
        fmt, _, rest = value.partition(" ")
        # What peers write in all but a few descriptions has no need of more.
        if fmt in _PAYLOAD_TYPES or fmt == "*":
            return fmt, rest
        written, rest = (*value.split(None, 1), "", "")[:2]
        fmt = canonical_format(written)
        if fmt in _PAYLOAD_TYPES or fmt == "*":
            self._tolerate(number, "payload type or the space around it in an odd form")
        return fmt, rest

    def _read_rtpmap(self, number: int, value: str) -> None:
        fmt, text = self._split(number, value)
        try:
            encoding = parse_encoding(text)
        except MalformedError as error:
            self._tolerate(number, str(error))
            return
        if encoding.oddity:
            self._tolerate(number, encoding.oddity)
        if fmt in self.encodings:
            self._tolerate(number, "repeated a=rtpmap")
        self.encodings[fmt] = encoding

    def _read_fmtp(self, number: int, value: str) -> None:
        fmt, parameters = self._split(number, value)
        if fmt in self.parameters:
            self._tolerate(number, "repeated a=fmtp")
        self.parameters[fmt] = parse_parameters(parameters)

    def _read_feedback(self, number: int, value: str) -> None:
        fmt, rest = self._split(number, value)
        try:
            feedback = parse_feedback(rest)
        except MalformedError as error:
            self._tolerate(number, str(error))
            return
        if fmt in self.feedback:
            self.feedback[fmt].append(feedback)
        elif fmt != "*":
            self.feedback[fmt] = [feedback]
        elif len(rest) > _MAX_WILDCARD_LENGTH or (
            len(self.wildcard_feedback) >= MAX_WILDCARD_FEEDBACK
            and feedback not in self.wildcard_feedback
        ):
            self._tolerate(number, "too much a=rtcp-fb for all formats")
        else:
            self.wildcard_feedback[feedback] = None
