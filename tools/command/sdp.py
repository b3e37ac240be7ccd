"""`aiopeer sdp`: a description line by line, what is wrong with it, and how two differ."""

import difflib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from peer.jsep import Configuration, DOMException, SdpType, create_state, set_remote_description
from sdp import Description, Fingerprint, MediaSection, SdpError, parse, redact

from .sdp_words import words_of_line

MAX_TEXT = 1 << 20
"""Bytes of the longest description that is read."""
_WIDTH = 60


def read(file: str) -> tuple[str, str]:
    """Read a description, as text or as JSON with type and sdp; "-" is standard input.

    Returns its type, "" where it is not said, and its text. Raises OSError, ValueError.
    """
    data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    text = data[:MAX_TEXT].decode(errors="replace")  # line ends stay as they are
    if not text.lstrip().startswith("{"):
        return "", text
    value = json.loads(text)
    if not isinstance(value.get("sdp"), str):
        raise ValueError("the JSON has no sdp")
    return str(value.get("type", "")), value["sdp"]


def explain_text(file: str) -> str:
    """Explain a description line by line, and say what is wrong with it."""
    type_, text = read(file)
    lines = redact(text).splitlines()
    told = [f"{_cut(line):<{_WIDTH}}  {words_of_line(line)}".rstrip() for line in lines]
    numbered = [f"{number:4}  {line}" for number, line in enumerate(told, 1)]
    return "\n".join([*judge(type_, text), "", *numbered])


def _cut(line: str) -> str:
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 3]}..."


def judge(type_: str, text: str) -> list[str]:
    """Say what is wrong with a description, what is let pass, and what it would come to."""
    try:
        description = parse(text)
    except SdpError as error:
        return [f"wrong: {error}; no connection would take it"]
    lines = [f"let pass in line {number}: {reason}" for number, reason in description.tolerated]
    lines += [f"missing: {each}" for each in _missing(description)]
    if type_ == "offer" or (not type_ and "a=setup:actpass" in text):
        lines += _as_offer(text)
    return lines or ["nothing is wrong with it"]


def _as_offer(text: str) -> list[str]:
    """Have the engine judge it, as a connection would that nothing has happened to."""
    certificate = Fingerprint("sha-256", ":".join(["00"] * 32))
    state = create_state(Configuration((certificate,)), lambda size: bytes(size))
    try:
        outcome = set_remote_description(state, SdpType.OFFER, text, entropy=lambda n: bytes(n))
    except DOMException as error:
        return [f"as an offer a connection refuses it: {error}"]
    # Those with a line are the parser's, and told already.
    return [f"let pass: {each}" for each in outcome.oddities if not each.startswith("line ")]


def _missing(description: Description) -> Iterator[str]:
    for index in range(len(description.media)):
        section = description.effective(index)
        if _is_off(section):
            continue
        name = f"section {index} ({section.kind})"
        if section.ice.ufrag is None or section.ice.pwd is None:
            yield f"{name} has no ICE credentials (a=ice-ufrag, a=ice-pwd)"
        if not section.dtls.fingerprints:
            yield f"{name} has no fingerprint (a=fingerprint)"
        if section.mid is None and len(description.media) > 1:
            yield f"{name} has no name (a=mid)"
        if section.is_rtp and not section.codecs:
            yield f"{name} has no codec that is described"


# Two descriptions


def diff_text(one: str, other: str) -> str:
    """Say how two descriptions differ: what it comes to, and the lines."""
    (_, before), (_, after) = read(one), read(other)
    lines = [*_changes(parse(before), parse(after))]
    old, new = (redact(text).splitlines() for text in (before, after))
    lines += ["", *difflib.unified_diff(old, new, one, other, lineterm="", n=1)]
    return "\n".join(lines)


def _changes(before: Description, after: Description) -> Iterator[str]:
    if len(before.media) != len(after.media):
        yield f"sections: {len(before.media)}, then {len(after.media)}"
    for index in range(min(len(before.media), len(after.media))):
        old, new = before.effective(index), after.effective(index)
        for words in _section_changes(old, new):
            yield f"section {index} ({old.kind} {old.mid or ''}): {words}"


def _section_changes(old: MediaSection, new: MediaSection) -> Iterator[str]:
    if _is_off(old) != _is_off(new):
        yield "rejected now" if _is_off(new) else "no longer rejected"
    if old.direction != new.direction:
        yield f"direction {_direction(old)}, then {_direction(new)}"
    if old.ice.ufrag != new.ice.ufrag:
        yield f"ICE {old.ice.ufrag}, then {new.ice.ufrag}: another side, or a restart"
    if old.dtls.fingerprints != new.dtls.fingerprints:
        yield "another certificate"
    if old.dtls.setup != new.dtls.setup:
        yield f"setup {_setup(old)}, then {_setup(new)}"
    names = [[codec.name for codec in each.codecs] for each in (old, new)]
    for sign, here, there in (("without", names[0], names[1]), ("with", names[1], names[0])):
        changed = sorted(set(here) - set(there))
        if changed:
            yield f"then {sign} {' '.join(changed)}"
    if names[0] != names[1] and set(names[0]) == set(names[1]):
        yield "codecs in another order"
    if len(old.ice.candidates) != len(new.ice.candidates):
        yield f"candidates: {len(old.ice.candidates)}, then {len(new.ice.candidates)}"


def _is_off(section: MediaSection) -> bool:
    return section.port == 0 and not section.bundle_only


def _direction(section: MediaSection) -> str:
    return "sendrecv" if section.direction is None else section.direction.value


def _setup(section: MediaSection) -> str:
    return "none" if section.dtls.setup is None else section.dtls.setup.value
