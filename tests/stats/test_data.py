"""peer-connection and data-channel."""

from peer.stats.data import data_channels, peer_connection
from tests.stats.figures import TIME, FakeChannel, sources


def test_the_connection_counts_channels() -> None:
    stats = peer_connection(sources(channels_opened=3, channels_closed=2))
    assert (stats.type, stats.timestamp) == ("peer-connection", TIME)
    assert (stats.dataChannelsOpened, stats.dataChannelsClosed) == (3, 2)


def test_a_channel() -> None:
    (stats,) = data_channels(sources(channels=(FakeChannel(),)))
    assert (stats.type, stats.label, stats.protocol, stats.state) == (
        "data-channel",
        "chat",
        "json",
        "open",
    )
    assert stats.dataChannelIdentifier == 3
    assert (stats.messagesSent, stats.bytesSent) == (1, 20)
    assert (stats.messagesReceived, stats.bytesReceived) == (3, 40)


def test_channels_are_told_apart_before_they_have_a_number() -> None:
    one, other = FakeChannel(id=None), FakeChannel(id=None)
    before = [stats.id for stats in data_channels(sources(channels=(one, other)))]
    one.id = 5
    after = [stats.id for stats in data_channels(sources(channels=(one, other)))]
    assert before == after
    assert len(set(before)) == 2
