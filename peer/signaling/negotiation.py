"""Perfect negotiation (webrtc-pc §10.7): both sides may change a connection at any time."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from peer import DOMException, RTCPeerConnection

logger = logging.getLogger("peer.signaling")


class PerfectNegotiation:
    """Offers what changes in a connection, and settles offers that cross.

    `send` is given messages for the other side: a ``description`` or a ``candidate``, as the W3C's
    dictionaries. One side is polite, the other is not. A connection that has failed is restarted.
    """

    def __init__(
        self, pc: RTCPeerConnection, send: Callable[[dict[str, Any]], None], *, polite: bool
    ) -> None:
        self._pc = pc
        self._send = send
        self._polite = polite
        self._is_offering = False
        self._ignores_offer = False
        pc.addEventListener("negotiationneeded", self._offer)
        pc.addEventListener("icecandidate", self._trickle)
        pc.addEventListener("connectionstatechange", self._look)

    async def receive(self, message: Mapping[str, Any]) -> None:
        """Take a message of the other side; one that makes no sense costs itself.

        Messages are taken one after the other, in the order in which they were sent.
        """
        try:
            if isinstance(message.get("description"), Mapping):
                await self._take_description(message["description"])
            elif "candidate" in message:
                await self._pc.addIceCandidate(message["candidate"])
        except (ValueError, TypeError, DOMException) as error:
            if not self._ignores_offer:
                logger.debug("the other side says what cannot be: %s", error)

    async def _take_description(self, description: Mapping[str, Any]) -> None:
        pc = self._pc
        is_offer = description.get("type") == "offer"
        crosses = is_offer and (self._is_offering or pc.signalingState != "stable")
        self._ignores_offer = crosses and not self._polite
        if self._ignores_offer:
            return
        await pc.setRemoteDescription(description)
        if is_offer:
            await pc.setLocalDescription()
            self._tell()

    async def _offer(self, event: object) -> None:
        self._is_offering = True
        try:
            await self._pc.setLocalDescription()
            self._tell()
        except DOMException as error:
            logger.debug("no offer: %s", error)
        finally:
            self._is_offering = False

    def _tell(self) -> None:
        description = self._pc.localDescription
        if description is not None:
            self._send({"description": description.toJSON()})

    def _trickle(self, event: Any) -> None:
        candidate = event.candidate
        self._send({"candidate": None if candidate is None else candidate.toJSON()})

    def _look(self, event: object) -> None:
        if self._pc.connectionState == "failed":
            self._pc.restartIce()
