"""Creating and setting descriptions, one at a time (W3C §4.4.1)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from peer.api import (
    DOMException,
    InvalidStateError,
    RTCDataChannel,
    RTCDataChannelInit,
    RTCOfferOptions,
    RTCSessionDescription,
    from_value,
)
from peer.jsep import (
    Outcome,
    SdpType,
    SignalingState,
    State,
    add_ice_candidate,
    create_answer,
    create_offer,
    local_description,
    request_data_channel,
    set_local_description,
    set_remote_description,
)

from .executor import StepFailure, raise_failures
from .session import Session
from .told import told_candidate, told_channel, told_description

_T = TypeVar("_T")


class Negotiation:
    """The operations that go through the chain of a connection."""

    def __init__(self, session: Session) -> None:
        self._session = session
        if session.configuration.alwaysNegotiateDataChannels:
            session.change(request_data_channel(session.state))

    async def create_offer(self, options: object) -> RTCSessionDescription:
        """Make an offer."""
        return await self._traced("createOffer", None, self._create_offer(options))

    async def create_answer(self) -> RTCSessionDescription:
        """Make an answer."""
        return await self._traced("createAnswer", None, self._create_answer())

    async def set_local(self, description: object) -> None:
        """Set a local description, and gather what it needs."""
        told = told_description(description)
        await self._traced("setLocalDescription", told, self._set_local(description))

    async def set_remote(self, description: object) -> None:
        """Set a description of the peer."""
        told = told_description(description)
        await self._traced("setRemoteDescription", told, self._set_remote(description))

    async def add_ice_candidate(self, candidate: object) -> None:
        """Take a candidate of the peer."""
        told = told_candidate(candidate)
        await self._traced("addIceCandidate", told, self._add_ice_candidate(candidate))

    async def _create_offer(self, options: object) -> RTCSessionDescription:
        wanted = RTCOfferOptions.from_value(options)
        session = self._session

        async def operation() -> RTCSessionDescription:
            session.transceivers.receive(audio=wanted.offerToReceiveAudio)
            session.transceivers.receive(video=wanted.offerToReceiveVideo)
            state, text = await self._work_out(
                lambda state: create_offer(
                    state,
                    entropy=session.entropy,
                    gathered=session.links.gathered,
                    ice_restart=wanted.iceRestart,
                )
            )
            session.keep(state)
            return RTCSessionDescription(text, "offer")

        return await self._run(operation)

    async def _create_answer(self) -> RTCSessionDescription:
        session = self._session

        async def operation() -> RTCSessionDescription:
            state, text = await self._work_out(
                lambda state: create_answer(
                    state, entropy=session.entropy, gathered=session.links.gathered
                )
            )
            session.keep(state)
            return RTCSessionDescription(text, "answer")

        return await self._run(operation)

    async def _set_local(self, description: object) -> RTCSessionDescription | None:
        """Set a local description; returns the one that was made because none was given."""
        type_, text = _read_local(description)
        session = self._session

        async def operation() -> list[StepFailure]:
            outcome = await self._work_out(
                lambda state: set_local_description(
                    state,
                    type_,
                    text,
                    entropy=session.entropy,
                    gathered=session.links.gathered,
                )
            )
            return session.describe(outcome)

        await self._set(operation)
        made = local_description(session.state, {}) if type_ is None else None
        return None if made is None else RTCSessionDescription(made.text, made.type.value)

    async def _set_remote(self, description: object) -> None:
        given = RTCSessionDescription.from_value(description)
        session = self._session
        type_ = SdpType(given.type)

        def apply(state: State) -> Outcome:
            return set_remote_description(state, type_, given.sdp, entropy=session.entropy)

        async def operation() -> list[StepFailure]:
            failures = []
            outcome = await self._work_out(apply)
            if type_ is SdpType.OFFER and _is_offering(session):
                # W3C setRemoteDescription: our own offer is rolled back first, in a step that
                # listeners hear of; what they do then counts.
                failures += session.describe(
                    set_local_description(session.state, SdpType.ROLLBACK, entropy=session.entropy)
                )
                outcome = await self._work_out(apply)
            return failures + session.describe(outcome)

        await self._set(operation)

    async def _add_ice_candidate(self, candidate: object) -> None:
        given = from_value(candidate)
        session = self._session

        async def operation() -> list[StepFailure]:
            outcome = await self._work_out(
                lambda state: add_ice_candidate(
                    state,
                    given.candidate,
                    sdp_mid=given.sdpMid,
                    sdp_mline_index=given.sdpMLineIndex,
                    username_fragment=given.usernameFragment,
                )
            )
            return session.apply(outcome)

        await self._set(operation)

    def create_data_channel(self, label: str, options: object) -> RTCDataChannel:
        """Make a data channel."""
        session = self._session
        if session.closed:
            raise InvalidStateError("the connection is closed")
        channel = RTCDataChannel(label, RTCDataChannelInit.from_value(options))
        session.data.add(channel)
        session.tracer.note("createDataChannel", told_channel(channel))
        session.change(request_data_channel(session.state))
        return channel

    async def _traced(self, method: str, value: object, call: Awaitable[_T]) -> _T:
        """Carry a call out, and have it in the trace with how it ended."""
        tracer = self._session.tracer
        name = tracer.begin(method, value)
        try:
            result = await call
        except Exception as error:
            kind = error.name if isinstance(error, DOMException) else type(error).__name__
            tracer.note(f"{method}OnFailure", f"{kind}: {error}", name)
            raise
        tracer.note(f"{method}OnSuccess", told_description(result), name)
        return result

    async def _set(self, operation: Callable[[], Awaitable[list[StepFailure]]]) -> None:
        """Run what carries out a plan; OperationError in the end for the steps that failed."""
        failures = await self._run(operation)
        self._session.begin_gathering()
        raise_failures(failures)

    async def _work_out(self, operation: Callable[[State], _T]) -> _T:
        """Return what the engine makes of an operation, in the state after giving way once.

        It is asked before that too, because the W3C's chain refuses within the call.
        """
        state = self._session.state
        result = operation(state)
        await self._session.chain.pause()
        return result if self._session.state is state else operation(self._session.state)

    async def _run(self, operation: Callable[[], Awaitable[_T]]) -> _T:
        self._session.catch_up()
        return await self._session.chain.run(operation)


def _is_offering(session: Session) -> bool:
    return session.state.signaling_state is SignalingState.HAVE_LOCAL_OFFER


def _read_local(description: object) -> tuple[SdpType | None, str]:
    """Return type and text; without a type it is what the state demands (W3C §4.4.2)."""
    if description is None or (isinstance(description, Mapping) and not description.get("type")):
        return None, ""
    given = RTCSessionDescription.from_value(description)
    return SdpType(given.type), given.sdp
