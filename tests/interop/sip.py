"""As much of SIP (RFC 3261) as a call over UDP takes: INVITE, ACK, BYE. For tests only."""

import asyncio
import re
import secrets
from typing import Self, cast

BOUND = 15.0
"""Seconds after which no answer comes any more."""
T1 = 0.5
"""Seconds before a request is sent again for the first time (RFC 3261 §17.1.1.1)."""


class SipError(Exception):
    """The other side refused, or said nothing."""


class SipCall(asyncio.DatagramProtocol):
    """One call from an address of ours to a user agent."""

    def __init__(self, remote: tuple[str, int]) -> None:
        self.remote = remote
        self.ended = asyncio.Event()
        self._target = f"sip:bot@{remote[0]}:{remote[1]}"
        self._call_id, self._tag = secrets.token_hex(8), secrets.token_hex(4)
        self._to = f"<{self._target}>"
        self._responses: asyncio.Queue[tuple[int, str]] = asyncio.Queue()
        self._transport: asyncio.DatagramTransport | None = None

    @classmethod
    async def open(cls, local: str, remote: tuple[str, int]) -> Self:
        """Bind a socket for a call."""
        loop = asyncio.get_running_loop()
        _, call = await loop.create_datagram_endpoint(lambda: cls(remote), (local, 0))
        return call

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        text = data.decode()
        response = re.match(r"SIP/2\.0 (\d+)", text)
        if response is not None:
            self._responses.put_nowait((int(response[1]), text))
            return
        copied = re.findall(r"(?im)^(?:via|from|to|call-id|cseq):.*\r\n", text)
        self._send("SIP/2.0 200 OK\r\n" + "".join(copied) + "Content-Length: 0\r\n\r\n")
        if text.startswith("BYE"):
            self.ended.set()

    async def invite(self, sdp: str) -> str:
        """Call with an offer; return the answer. Raises SipError."""
        text = await self._ask("INVITE", 1, sdp)
        to = re.search(r"(?im)^to: *(.*?)\r$", text)
        contact = re.search(r"(?im)^contact: *<([^>]*)>", text)
        if to is None or contact is None:
            raise SipError(text)
        self._to, self._target = to[1], contact[1]
        self._send(self._request("ACK", 1))
        return text.partition("\r\n\r\n")[2]

    async def bye(self) -> None:
        """End the call. Raises SipError."""
        await self._ask("BYE", 2)

    def close(self) -> None:
        """Close the socket."""
        if self._transport is not None:
            self._transport.close()

    async def _ask(self, method: str, number: int, body: str = "") -> str:
        """Send a request until it is answered; return the final response."""
        request = self._request(method, number, body)
        wait = T1
        try:
            async with asyncio.timeout(BOUND):
                while True:
                    self._send(request)
                    try:
                        code, text = await asyncio.wait_for(self._final(method), wait)
                    except TimeoutError:
                        wait *= 2
                        continue
                    if code >= 300:
                        raise SipError(text)
                    return text
        except TimeoutError:
            raise SipError(f"no answer to {method}") from None

    async def _final(self, method: str) -> tuple[int, str]:
        while True:
            code, text = await self._responses.get()
            if code >= 200 and re.search(rf"(?im)^cseq: *\d+ +{method}", text):
                return code, text

    def _request(self, method: str, number: int, body: str = "") -> str:
        assert self._transport is not None
        host, port = self._transport.get_extra_info("sockname")
        lines = [
            f"{method} {self._target} SIP/2.0",
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{secrets.token_hex(8)};rport",
            "Max-Forwards: 70",
            f"From: <sip:caller@{host}>;tag={self._tag}",
            f"To: {self._to}",
            f"Call-ID: {self._call_id}",
            f"CSeq: {number} {method}",
            f"Contact: <sip:caller@{host}:{port}>",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body.encode())}",
        ]
        return "\r\n".join([*lines, "", body])

    def _send(self, text: str) -> None:
        assert self._transport is not None
        self._transport.sendto(text.encode(), self.remote)
