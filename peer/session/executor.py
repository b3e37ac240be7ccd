"""Carries out plans: each step goes to the part of the connection that it is about."""

from peer.jsep import (
    AddRemoteCandidates,
    AddRemoteTrack,
    CancelIceRestart,
    CloseTransport,
    CreateTransceiver,
    CreateTransport,
    EndOfRemoteCandidates,
    Gather,
    MoveSection,
    Plan,
    RemoveRemoteTrack,
    RemoveSection,
    RestartIce,
    RetagTransport,
    SetComponents,
    SetIceRole,
    SetRemoteIce,
    SetRemoteStreams,
    StartDtls,
    StartReceiver,
    StartSctp,
    StartSender,
    Step,
    StopReceiver,
    StopSctp,
    StopSender,
    StopTransceiver,
    UpdateReceiver,
    UpdateSctp,
    UpdateSender,
)

from .data import Data
from .links import Links
from .media import Media


class Executor:
    """Joins offer/answer to the transports, which know nothing of each other."""

    def __init__(self, links: Links, media: Media, data: Data) -> None:
        self._links = links
        self._media = media
        self._data = data

    def run(self, plan: Plan) -> list[int]:
        """Carry out the steps of a plan in their order.

        Returns the transports to gather for: that begins when the description is set and the
        application knows it (W3C "set the local description").
        """
        for step in plan:
            if not (self._transport(step) or self._ice(step) or self._media_step(step)):
                self._track(step)
        return [step.transport for step in plan if isinstance(step, Gather)]

    def _transport(self, step: Step) -> bool:
        links = self._links
        match step:
            case SetIceRole(controlling):
                links.set_role(controlling=controlling)
            case CreateTransport():
                links.create(step)
            case RetagTransport(number, mid):
                links[number].mid = mid
            case SetComponents(number, _):
                links[number].drop_rtcp_component()
            case StartDtls(number, dtls):
                links[number].start_dtls(dtls)
            case CloseTransport(number):
                links.close(number)
            case MoveSection() | RemoveSection() | Gather():
                # Senders, receivers and data say themselves what they run over.
                return True
            case _:
                return False
        return True

    def _ice(self, step: Step) -> bool:
        links = self._links
        match step:
            case RestartIce(number, local):
                links[number].restart(local, links.servers())
            case CancelIceRestart(number, local):
                links[number].cancel_restart(local)
            case SetRemoteIce(number, remote):
                links[number].set_remote(remote)
            case AddRemoteCandidates(number, candidates):
                for candidate in candidates:
                    links[number].add_remote_candidate(candidate)
            case EndOfRemoteCandidates(number):
                links[number].end_of_remote_candidates()
            case _:
                return False
        return True

    def _media_step(self, step: Step) -> bool:
        media, data = self._media, self._data
        match step:
            case StartSender(number, _) | UpdateSender(number, _):
                media.update_sender(number)
            case StopSender(number):
                media.stop_sender(number)
            case StartReceiver(number, _) | UpdateReceiver(number, _):
                media.update_receiver(number)
            case StopReceiver(number):
                media.stop_receiver(number)
            case StartSctp(parameters):
                data.start(parameters)
            case UpdateSctp(parameters):
                data.update(parameters)
            case StopSctp():
                data.stop()
            case _:
                return False
        return True

    def _track(self, step: Step) -> None:
        media = self._media
        match step:
            case CreateTransceiver(number, kind):
                media.create(number, kind)
            case StopTransceiver(number):
                media.forget(number)
            case AddRemoteTrack(number, streams):
                media.add_track(number, streams)
            case SetRemoteStreams(number, streams):
                media.set_streams(number, streams)
            case RemoveRemoteTrack(number):
                media.remove_track(number)
            case _:
                raise AssertionError(f"a step nobody carries out: {step}")
