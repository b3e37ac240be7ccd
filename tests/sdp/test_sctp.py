"""Data channel attributes (RFC 8841) and their legacy form."""

import pytest

from sdp import Sctpmap, serialize
from tests.sdp.support import DATA, audio_with, data_with, session_with


def test_current_form() -> None:
    section = data_with("a=sctp-port:5001", "a=max-message-size:262144")
    assert section.is_sctp
    assert (section.sctp_port, section.max_message_size) == (5001, 262144)


def test_defaults() -> None:
    section = data_with()
    assert (section.sctp.port, section.sctp_port) == (None, 5000)
    assert (section.sctp.max_message_size, section.max_message_size) == (None, 65536)


def test_zero_is_kept_for_unlimited() -> None:
    assert data_with("a=max-message-size:0").max_message_size == 0


@pytest.mark.parametrize("protocol", ["DTLS/SCTP", "UDP/DTLS/SCTP", "dtls/sctp"])
def test_legacy_form(protocol: str) -> None:
    section = session_with(
        f"m=application 20000 {protocol} 5002", "a=sctpmap:5002 webrtc-datachannel 1024"
    ).media[0]
    assert section.is_sctp
    assert section.sctp.sctpmap == Sctpmap(5002, "webrtc-datachannel", 1024)
    assert section.sctp_port == 5002
    assert section.formats == ("5002",)


def test_legacy_format_without_sctpmap_is_the_port() -> None:
    assert session_with("m=application 20000 DTLS/SCTP 5003").media[0].sctp_port == 5003


def test_other_sections_have_no_port() -> None:
    assert not audio_with().is_sctp
    assert audio_with().sctp_port is None


@pytest.mark.parametrize(
    "line",
    [
        "a=sctp-port:65536",
        "a=sctp-port:x",
        "a=sctp-port",
        "a=max-message-size:-1",
        "a=sctpmap:5000",
        "a=sctpmap:5000 webrtc-datachannel many",
    ],
)
def test_malformed_lines_leave_the_defaults(line: str) -> None:
    description = session_with(*DATA, line)
    assert description.media[0].sctp_port == 5000
    assert description.media[0].max_message_size == 65536
    assert [entry.line_number for entry in description.tolerated] == [7]


def test_a_malformed_sctpmap_leaves_the_port_of_the_format() -> None:
    section = session_with("m=application 9 DTLS/SCTP 5004", "a=sctpmap:5004").media[0]
    assert section.sctp_port == 5004


def test_more_than_a_sctpmap_has() -> None:
    section = session_with("m=application 9 DTLS/SCTP 5004", "a=sctpmap:5004 x 16 y").media[0]
    assert section.sctp.sctpmap == Sctpmap(5004, "x", 16)


def test_an_init_chunk_in_the_description() -> None:
    """draft-hancke-tsvwg-snap."""
    line = "a=sctp-init:AQAAHols3R0AUAAA/////+B5ZR3AAAAEgAgABoLA"
    section = data_with(line)
    assert section.sctp.init is not None
    assert section.sctp.init[:8] == bytes.fromhex("0100001e896cdd1d")
    assert line in serialize(session_with(*DATA, line)).splitlines()


@pytest.mark.parametrize("value", ["", "====", "AQAA!", "A" * 4000])
def test_an_init_chunk_that_is_none_costs_itself(value: str) -> None:
    section = data_with(f"a=sctp-init:{value}")
    assert section.sctp.init is None
