"""A TURN client of a few lines, to look at the simulated TURN server from outside."""

from typing import Any

from peer.ice.address import TransportAddress
from peer.ice.stun import (
    CHANNEL_NUMBER,
    DATA,
    ERROR_CODE,
    NONCE,
    PASSWORD_ALGORITHM,
    PASSWORD_ALGORITHMS,
    REALM,
    REQUESTED_TRANSPORT,
    USERNAME,
    XOR_PEER_ADDRESS,
    XOR_RELAYED_ADDRESS,
    Attribute,
    KeyAlgorithm,
    Message,
    MessageClass,
    Method,
    build,
    long_term_key,
    parse,
    verify_integrity,
    verify_integrity_sha256,
)
from peer.testing.internet import Inbox, Simulation, TurnServer

Attributes = list[tuple[Attribute[Any], Any]]


class TurnClient:
    """Speaks to one server from one socket; every call runs the simulation for a while."""

    def __init__(self, sim: Simulation, inbox: Inbox, server: TurnServer) -> None:
        self.sim = sim
        self.inbox = inbox
        self.server = server
        self.username, self.password = "user", "password"
        self.challenge: Message | None = None
        self.patience = 1.0

    def send(self, data: bytes) -> None:
        """Send bytes to the server."""
        self.inbox.send(data, self.server.address())

    def ask(
        self, method: Method, attributes: Attributes, transaction_id: bytes | None = None
    ) -> Message | None:
        """Send one request, with credentials if challenged before; the response, if any."""
        transaction_id = transaction_id or self.sim.entropy(12)
        key, sha256, credentials = self._credentials(method)
        self.send(
            build(
                method,
                MessageClass.REQUEST,
                transaction_id,
                [*attributes, *credentials],
                key=key,
                sha256=sha256,
            )
        )
        seen = len(self.inbox.letters)
        self.sim.run_for(self.patience)
        for data in self.inbox.texts[seen:]:
            message = parse(data)
            if message.transaction_id == transaction_id:
                self._check(message, key, sha256)
                return message
        return None

    def _credentials(self, method: Method) -> tuple[bytes | None, bool, Attributes]:
        if self.challenge is None or method is Method.BINDING:
            return None, False, []
        realm, nonce = self.challenge.get(REALM), self.challenge.get(NONCE)
        assert realm is not None
        assert nonce is not None
        attributes: Attributes = [(USERNAME, self.username), (REALM, realm), (NONCE, nonce)]
        offered = self.challenge.get(PASSWORD_ALGORITHMS)
        algorithm = KeyAlgorithm.MD5
        if offered:
            algorithm = KeyAlgorithm(offered[0].number)
            attributes += [(PASSWORD_ALGORITHMS, offered), (PASSWORD_ALGORITHM, offered[0])]
        key = long_term_key(self.username, realm, self.password, algorithm)
        return key, offered is not None, attributes

    def _check(self, message: Message, key: bytes | None, sha256: bool) -> None:
        if message.get(NONCE) is not None:
            self.challenge = message
        elif key is not None:
            verify = verify_integrity_sha256 if sha256 else verify_integrity
            assert verify(message, key)

    def code(
        self, method: Method, attributes: Attributes, transaction_id: bytes | None = None
    ) -> int | None:
        """Like `ask`, but only the error code, 0 for success, None for silence."""
        message = self.ask(method, attributes, transaction_id)
        if message is None:
            return None
        error = message.get(ERROR_CODE)
        assert (error is None) == (message.message_class is MessageClass.SUCCESS)
        return 0 if error is None else error.code

    def allocate(self, *attributes: tuple[Attribute[Any], Any]) -> TransportAddress:
        """Go through 401 to an allocation; the relayed address."""
        wanted: Attributes = [(REQUESTED_TRANSPORT, 17), *attributes]
        assert self.code(Method.ALLOCATE, wanted) == 401
        message = self.ask(Method.ALLOCATE, wanted)
        assert message is not None
        relayed = message.get(XOR_RELAYED_ADDRESS)
        assert relayed is not None
        return relayed

    def permit(self, *peers: TransportAddress) -> int | None:
        """CreatePermission for some peers; the code."""
        return self.code(Method.CREATE_PERMISSION, [(XOR_PEER_ADDRESS, peer) for peer in peers])

    def bind(self, number: int, peer: TransportAddress) -> int | None:
        """ChannelBind; the code."""
        return self.code(Method.CHANNEL_BIND, [(CHANNEL_NUMBER, number), (XOR_PEER_ADDRESS, peer)])

    def indicate(self, data: bytes, peer: TransportAddress) -> None:
        """A Send indication."""
        self.send(
            build(
                Method.SEND,
                MessageClass.INDICATION,
                self.sim.entropy(12),
                [(XOR_PEER_ADDRESS, peer), (DATA, data)],
            )
        )
        self.sim.run_for(self.patience)
