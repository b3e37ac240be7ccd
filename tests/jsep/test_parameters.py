"""What senders, receivers and SCTP are told (RFC 9429 §5.10, §5.11)."""

from dataclasses import replace

import pytest

from sdp import Bandwidth
from tests.jsep.ends import End, exchange, make_ends
from tests.jsep.texts import altered


def both_ways() -> tuple[End, End]:
    one, other = make_ends()
    one.add_track("video", "s")
    other.add_track("video", "s")
    return one, other


def test_sources_are_those_of_the_descriptions() -> None:
    one, other = both_ways()
    exchange(one, other)
    send, receive = one.state.wiring.senders[0], other.state.wiring.receivers[0]
    assert send.ssrc == one.transceiver(0).ssrc
    assert receive.ssrcs == (send.ssrc, send.rtx_ssrc)
    assert receive.ssrc_groups[0].ssrcs == receive.ssrcs
    assert send.cname == one.state.cname
    assert send.cname in one.local.text


def test_a_receiver_is_told_what_the_peer_says_of_its_stream() -> None:
    """RFC 6184 §8.1: parameter sets that are not in the stream. Our own parameters stay."""
    one, other = both_ways()
    other.set_remote("offer", one.offer())
    sets = ("sprop-parameter-sets", "Z0IAH5WoFAFuQA==,aM48gA==")
    answer = altered(
        other.answer(),
        lambda media: media.with_codecs(
            tuple(
                replace(codec, parameters=(*codec.parameters, sets))
                if codec.name == "H264"
                else codec
                for codec in media.codecs
            )
        ),
    )
    one.set_remote("answer", answer)
    codecs = one.state.wiring.receivers[0].codecs
    told = [codec for codec in codecs if codec.parameter("sprop-parameter-sets")]
    assert told == [codec for codec in codecs if codec.name == "H264"] != []
    assert all(codec.parameters[-1] == sets for codec in told)
    assert all(codec.parameter("profile-level-id") for codec in told)


def test_no_source_for_rtx_without_rtx() -> None:
    one, other = both_ways()
    other.set_remote("offer", one.offer())
    answer = altered(
        other.answer(),
        lambda media: media.with_codecs(
            tuple(codec for codec in media.codecs if codec.name != "rtx")
        ),
    )
    one.set_remote("answer", answer)
    assert one.state.wiring.senders[0].rtx_ssrc is None


def limited(*bandwidths: Bandwidth) -> int | None:
    """The limit of a sender whose peer wrote these lines."""
    one, other = both_ways()
    other.set_remote("offer", one.offer())
    lines = "".join(f"b={bandwidth}\r\n" for bandwidth in bandwidths)
    head, colon, tail = other.answer().partition("c=IN IP4 0.0.0.0\r\n")
    one.set_remote("answer", head + colon + lines + tail)
    return one.state.wiring.senders[0].max_bitrate


def test_the_bandwidth_of_the_peer_limits_the_sender() -> None:
    """RFC 9429 §5.10: TIAS, else computed from AS."""
    assert limited() is None
    assert limited(Bandwidth("AS", 64)) == 44800
    assert limited(Bandwidth("AS", 64), Bandwidth("TIAS", 50000)) == 50000
    assert limited(Bandwidth("CT", 64)) is None


def test_data_is_told_the_limit_of_the_peer() -> None:
    """RFC 8841 §6."""
    one, other = make_ends()
    one.add_data()
    other.set_remote("offer", one.offer().replace("max-message-size:65536", "max-message-size:99"))
    other.answer()
    data = other.state.wiring.data
    assert data is not None
    assert (data.mid, data.local_port, data.remote_port) == ("0", 5000, 5000)
    assert data.max_message_size == 99


@pytest.mark.parametrize(
    ("ours", "theirs"), [(b"one", b"other"), (b"one", None), (None, b"other"), (None, None)]
)
def test_the_handshake_of_sctp_is_spared_when_both_can(
    ours: bytes | None, theirs: bytes | None
) -> None:
    """draft-hancke-tsvwg-snap: answered only where offered, and never echoed."""
    one, other = make_ends()
    for end, init in ((one, ours), (other, theirs)):
        configuration = replace(end.state.configuration, sctp_init=init)
        end.state = replace(end.state, configuration=configuration)
    one.add_data()
    other.set_remote("offer", one.offer())
    one.set_remote("answer", other.answer())
    both = ours is not None and theirs is not None
    for end, local, remote in ((one, ours, theirs), (other, theirs, ours)):
        data = end.state.wiring.data
        assert data is not None
        assert (data.local_init, data.remote_init) == ((local, remote) if both else (None, None))


def test_an_init_that_comes_back_is_none_of_the_peers() -> None:
    """libdatachannel answers with the lines of an offer that it does not know."""
    one, other = make_ends()
    configuration = replace(one.state.configuration, sctp_init=b"ours")
    for end in (one, other):
        end.state = replace(end.state, configuration=configuration)
    one.add_data()
    other.set_remote("offer", one.offer())
    one.set_remote("answer", other.answer())
    assert one.state.wiring.data is not None
    assert one.state.wiring.data.local_init is None
    assert one.state.wiring.data.remote_init is None
