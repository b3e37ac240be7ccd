"""Each kind of step failing in turn, and what holds then: nothing is half changed in silence."""

import re
from collections.abc import Awaitable
from typing import Any, get_args

import pytest

from peer import (
    AudioStreamTrack,
    MediaStream,
    RTCPeerConnection,
    VideoStreamTrack,
)
from peer.api.configuration import RTCRtcpMuxPolicy
from peer.api.errors import OperationError
from peer.jsep import (
    CloseTransport,
    CreateTransceiver,
    CreateTransport,
    MediaStep,
    SetRemoteIce,
    Step,
    StopSctp,
    StopTransceiver,
    TransportStep,
)
from peer.session.executor import StepFailure, raise_failures
from tests.api.calls import Alter, unaltered
from tests.api.support import configured, run, until, within
from tests.jsep.texts import with_groups, without_sections

TROUBLE = OSError(24, "Too many open files")


class Story:
    """A call in which every kind of step happens at `ours`, and one of them fails, once."""

    def __init__(self, kind: type | None) -> None:
        apart: Any = configured(rtcpMuxPolicy=RTCRtcpMuxPolicy.NEGOTIATE)
        self.ours, self.theirs = RTCPeerConnection(apart), RTCPeerConnection(apart)
        self.kind = kind
        self.seen: list[type] = []
        self.failed: Step | None = None
        self.errors: list[OperationError] = []
        # A transport that is given up says goodbye. With all gone the peer would be too, but ours
        # has to be seen to negotiate on.
        self.theirs._session._ended = lambda: None
        session = self.ours._session
        for part in (session.links, session.media, session.data):
            self._watch(part)

    def _watch(self, part: Any) -> None:
        carry_out = part.carry_out

        def watched(step: Step) -> None:
            self.seen.append(type(step))
            if type(step) is self.kind and self.failed is None:
                self.failed = step
                raise TROUBLE
            carry_out(step)

        part.carry_out = watched

    def note(self, error: OperationError) -> None:
        """Note an error; what failed is to be seen at once."""
        self.errors.append(error)
        assert self.failed is not None
        self.check(self.failed)

    def check(self, step: Step) -> None:
        """What a step that failed was about is failed, ended or gone."""
        ours, links = self.ours, self.ours._session.links
        if isinstance(step, CloseTransport):
            assert step.transport not in links.all
        elif isinstance(step, TransportStep):
            assert ours.connectionState == ours.iceConnectionState == "failed"
            assert ours.iceGatheringState != "gathering"
            if not isinstance(step, CreateTransport):
                link = links.all[step.transport]
                assert link.dtls.state == link.dtls.iceTransport.state == "failed"
        elif isinstance(step, CreateTransceiver | StopTransceiver):
            assert step.transceiver not in [one.number for one in ours.getTransceivers()]
        elif isinstance(step, MediaStep):
            found = next(one for one in ours.getTransceivers() if one.number == step.transceiver)
            assert found.receiver.track.readyState == "ended"
            assert found.sender.getParameters().codecs == []
        else:
            assert self.channel.readyState == "closed"
            shown = None if ours.sctp is None else ours.sctp.state
            assert shown == (None if isinstance(step, StopSctp) else "closed")

    async def attempt(self, operation: Awaitable[None]) -> None:
        """Run an operation of ours; the one that fails says so in one way alone."""
        try:
            await operation
        except OperationError as error:
            self.note(error)

    async def exchange(
        self,
        offerer: RTCPeerConnection,
        answerer: RTCPeerConnection,
        offer: Alter = unaltered,
        answer: Alter = unaltered,
    ) -> None:
        """Negotiate; each description is set whatever becomes of the steps."""
        for one, other, alter in ((offerer, answerer, offer), (answerer, offerer, answer)):
            await self.attempt(one.setLocalDescription())
            text = await one.completeLocalDescription()
            assert text is not None
            await self.attempt(
                other.setRemoteDescription({"type": text.type, "sdp": alter(text.sdp)})
            )
        assert (self.ours.signalingState, self.theirs.signalingState) == ("stable", "stable")

    async def tell(self) -> None:
        """Everything that a plan can say happens to ours."""
        ours, theirs = self.ours, self.theirs
        streams = MediaStream(), MediaStream()
        ours.addTrack(AudioStreamTrack())
        ours.addTransceiver(VideoStreamTrack())
        self.channel = ours.createDataChannel("before")
        sender = theirs.addTrack(AudioStreamTrack(), *streams)
        await self.exchange(ours, theirs)
        sender.setStreams(streams[0])
        theirs.addTransceiver(VideoStreamTrack())
        await self.exchange(theirs, ours)
        theirs.removeTrack(sender)
        await self.exchange(theirs, ours, offer=lambda text: with_groups(text, "1 0 2 3"))
        ours.restartIce()
        await self.attempt(ours.setLocalDescription())
        await self.attempt(ours.setLocalDescription({"type": "rollback"}))
        ours.restartIce()
        await self.exchange(ours, theirs)
        for transceiver in ours.getTransceivers()[:2]:
            try:
                await transceiver.stop()
            except OperationError as error:
                self.note(error)
        await self.exchange(ours, theirs)
        await self.exchange(ours, theirs, answer=lambda text: without_sections(text, "2"))

    async def close(self) -> None:
        """Close both; it returns, as always."""
        await within(self.ours.close())
        await within(self.theirs.close())


def test_the_story_has_every_kind_of_step() -> None:
    async def scenario() -> None:
        story = Story(None)
        await story.tell()
        assert set(story.seen) == set(get_args(Step))
        assert story.errors == []
        await story.close()

    run(scenario)


@pytest.mark.parametrize("kind", get_args(Step))
def test_a_step_that_fails_is_one_named_error_and_changes_nothing_in_silence(kind: type) -> None:
    async def scenario() -> None:
        story = Story(kind)
        await story.tell()
        # Everything after it was negotiated: what failed has raised once, and nothing else did.
        assert len(story.errors) == 1
        assert re.match(rf"not all could be set up: {kind.__name__}\b", str(story.errors[0]))
        assert story.errors[0].__cause__ is TROUBLE
        assert len(await story.ours.getStats()) > 0
        await story.close()

    run(scenario)


def test_a_listener_may_close_the_connection_within_a_plan() -> None:
    async def scenario() -> None:
        story = Story(SetRemoteIce)
        ours = story.ours
        ours.addTrack(AudioStreamTrack())
        await ours.setLocalDescription()
        transport = ours.getSenders()[0].transport
        assert transport is not None
        closing: list[Any] = []
        transport.on("statechange", lambda: closing.append(ours.close()))
        await story.theirs.setRemoteDescription(ours.localDescription)
        await story.theirs.setLocalDescription()
        with pytest.raises(OperationError):
            await ours.setRemoteDescription(story.theirs.localDescription)
        assert ours.signalingState == ours.connectionState == "closed"
        await within(closing[0])
        await story.close()

    run(scenario)


def test_what_depends_on_what_was_given_up_goes_the_same_way() -> None:
    """One error names the cause; what would have run over the transport is told by its objects."""

    async def scenario() -> None:
        story = Story(CreateTransport)
        ours = story.ours
        ours.addTrack(AudioStreamTrack())
        story.theirs.addTrack(AudioStreamTrack())
        story.channel = channel = ours.createDataChannel("before")
        early = channel.transport
        assert early is not None
        below = early.transport
        errors: list[str] = []
        channel.on("error", lambda event: errors.append(str(event.error)))
        await story.exchange(ours, story.theirs)
        assert len(story.errors) == 1
        [transceiver] = ours.getTransceivers()
        assert transceiver.receiver.track.readyState == "ended"
        assert transceiver.sender.transport is None
        assert channel.readyState == early.state == "closed"
        assert below.state == "failed"
        assert errors == ["transport 0 has failed"]
        later = ours.createDataChannel("after")
        await until(later, "close", lambda: later.readyState == "closed")
        await story.close()

    run(scenario)


def test_all_steps_that_failed_are_in_the_one_error() -> None:
    failures = [
        StepFailure(StopTransceiver(3), MemoryError()),
        StepFailure(StopSctp(), TROUBLE),
    ]
    raise_failures([])
    with pytest.raises(OperationError) as caught:
        raise_failures(failures)
    assert str(caught.value) == (
        "not all could be set up: StopTransceiver of transceiver 3: MemoryError: ; "
        "StopSctp: OSError: [Errno 24] Too many open files"
    )
    assert caught.value.__cause__ is failures[0].error
