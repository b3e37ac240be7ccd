"""Both ends agree on which channels there are, whatever the path does and whoever closes when."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from peer.sctp import Channel, ChannelCame, ChannelParameters, Channels, ChannelState
from tests.sctp.path import Conditions
from tests.sctp.test_channels import Call


@dataclass
class Link:
    """A channel as both ends have it, what each has sent, and who has closed it."""

    ends: dict[Channels, Channel]
    sent: dict[Channels, list[str]]
    closers: set[Channels] = field(default_factory=set)


class Story:
    """A call, and the channels that were made in it by their labels."""

    def __init__(self, conditions: Conditions, seed: int) -> None:
        self.call = Call(conditions, seed=seed).connect()
        self.sides = self.call.left, self.call.right
        self.links: dict[str, Link] = {}

    def do(self, action: str, which: int, by_right: bool, pause: float) -> None:
        """Have a side open, send on or close a channel, and let time pass."""
        side = self.sides[by_right]
        labels = list(self.links)
        if action == "open":
            label = str(len(labels))
            channel = side.create(ChannelParameters(label), self.call.path.now)
            self.links[label] = Link({side: channel}, {one: [] for one in self.sides})
        elif labels:
            self._act(self.links[labels[which % len(labels)]], side, action)
        self.run(pause)

    def _act(self, link: Link, side: Channels, action: str) -> None:
        channel = link.ends.get(side)
        if channel is None or channel.state is not ChannelState.OPEN:
            return
        if action == "close":
            side.close(channel)
            link.closers.add(side)
        else:
            message = f"{len(link.sent[side])} " + "x" * 3000
            side.send(channel, message, self.call.path.now)
            link.sent[side].append(message)

    def run(self, seconds: float) -> None:
        """Let time pass, and take in the channels that have come."""
        self.call.path.run(limit=seconds)
        for side in self.sides:
            for event in self.call.events[side]:
                if isinstance(event, ChannelCame):
                    self.links[event.channel.parameters.label].ends[side] = event.channel

    def check(self) -> None:
        """Compare what both ends have, once nothing happens any more."""
        for link in self.links.values():
            one, other = (link.ends[side] for side in self.sides)
            assert one.state is other.state, "one end has it, the other has not"
            assert one.state is (ChannelState.CLOSED if link.closers else ChannelState.OPEN)
            for sender, receiver in (self.sides, self.sides[::-1]):
                got = self.call.messages_of(receiver, link.ends[receiver])
                sent = link.sent[sender]
                # What waits when the other end closes is not sent any more.
                whole = link.closers <= {sender}
                assert got == sent[: len(got)]
                assert len(got) == len(sent) or not whole
                told = self.call.changes(receiver, link.ends[receiver])
                assert told.count("closed") == bool(link.closers)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1 << 32),
    loss=st.sampled_from([0.0, 0.05, 0.3]),
    jitter=st.sampled_from([0.0, 0.05]),
    duplication=st.sampled_from([0.0, 0.3]),
    actions=st.lists(
        st.tuples(
            st.sampled_from(["open", "open", "send", "send", "close"]),
            st.integers(0, 7),
            st.booleans(),
            st.sampled_from([0.0, 0.001, 0.03, 0.5]),
        ),
        max_size=40,
    ),
)
def test_both_ends_agree_on_every_close(
    seed: int,
    loss: float,
    jitter: float,
    duplication: float,
    actions: list[tuple[str, int, bool, float]],
) -> None:
    story = Story(Conditions(loss=loss, jitter=jitter, duplication=duplication), seed)
    for action in actions:
        story.do(*action)
    story.run(100.0)
    story.check()
    for link in story.links.values():
        for side, channel in link.ends.items():
            if channel.state is ChannelState.OPEN:
                side.close(channel)
                link.closers.add(side)
    story.run(100.0)
    story.check()
    # All numbers are free again.
    for side, number in zip(story.sides, (0, 1), strict=True):
        assert side.create(ChannelParameters(), story.call.path.now).id == number
