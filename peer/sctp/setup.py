"""INIT to COOKIE ACK, as they come (RFC 9260 §5.1, §5.2)."""

from peer.records import replace

from .cookie import Cookie
from .drops import SctpDrop
from .establishment import Verdict
from .events import Established, Restarted
from .initiation import Initiation, read_initiation
from .session import SctpState, Session
from .wire import (
    ABORT,
    COOKIE_ACK,
    COOKIE_ECHO,
    ERROR,
    INVALID_PARAMETER,
    MASK,
    STALE_COOKIE,
    UNRECOGNIZED_PARAMETERS,
    write_chunk,
    write_parameter,
)


def begin(session: Session, now: float) -> None:
    """Send INIT."""
    session.state = SctpState.COOKIE_WAIT
    session.send_alone(session.establishment.init(), 0)
    session.establishment.wait(now)


def repeat(session: Session, now: float) -> None:
    """Send INIT or COOKIE ECHO again (T1)."""
    if session.state is SctpState.COOKIE_WAIT:
        begin(session, now)
    elif session.state is SctpState.COOKIE_ECHOED:
        session.cookie_chunk = write_chunk(COOKIE_ECHO, session.establishment.cookie)
        session.establishment.wait(now)


def establish(session: Session, now: float) -> None:
    """Be up."""
    session.establishment.rest()
    session.cookie_chunk = b""
    session.state = SctpState.ESTABLISHED
    session.heartbeat.put_off(now)
    session.events.append(Established())


def on_init(session: Session, body: bytes, now: float) -> None:
    """Answer an INIT; the association there is stays what it is."""
    init = read_initiation(body)
    if session.state is SctpState.SHUTDOWN_ACK_SENT:
        session.drops[SctpDrop.UNEXPECTED] += 1
    elif init is None or not init.tag:
        session.drops[SctpDrop.MALFORMED] += 1
    elif not init.acceptable:
        session.drops[SctpDrop.MALFORMED] += 1
        cause = write_parameter(INVALID_PARAMETER)
        session.send_alone(write_chunk(ABORT, cause), init.tag)
    elif not session.establishment.may_answer(now):
        session.drops[SctpDrop.TOO_MANY_INITS] += 1
    else:
        there_is = session.agreement is not None and session.state is not SctpState.COOKIE_ECHOED
        agreement = session.agreement
        next_tsn = session.outbound.flight.next_tsn if there_is else None
        tag = 0 if agreement is None else agreement.remote.tag
        answer = session.establishment.answer(init, now, next_tsn, tag)
        session.send_alone(answer, init.tag)


def on_init_ack(session: Session, body: bytes, now: float) -> None:
    """Take the answer to our INIT, and echo its cookie."""
    remote = read_initiation(body)
    if session.state is not SctpState.COOKIE_WAIT:
        session.drops[SctpDrop.UNEXPECTED] += 1
    elif remote is None or not remote.tag or not remote.cookie:
        session.drops[SctpDrop.MALFORMED] += 1
    elif not remote.acceptable:
        session.drops[SctpDrop.MALFORMED] += 1
        session.send_alone(write_chunk(ABORT, write_parameter(INVALID_PARAMETER)), remote.tag)
        session.end("the peer's INIT ACK has values that cannot be")
    else:
        establishment = session.establishment
        session.agree(establishment.agree(remote))
        establishment.rest()
        establishment.cookie = remote.cookie
        session.state = SctpState.COOKIE_ECHOED
        session.cookie_chunk = write_chunk(COOKIE_ECHO, remote.cookie)
        establishment.wait(now)
        if remote.unrecognized:
            report = b"".join(one + bytes(-len(one) & 3) for one in remote.unrecognized)
            session.answer(write_chunk(ERROR, write_parameter(UNRECOGNIZED_PARAMETERS, report)))


def on_cookie_echo(session: Session, data: bytes, tag: int, now: float) -> bool:
    """Take our cookie back; True when the rest of its packet is for the association."""
    establishment = session.establishment
    if not establishment.may_answer(now):
        session.drops[SctpDrop.TOO_MANY_INITS] += 1
        return False
    remote = None if session.agreement is None else session.agreement.remote
    judged = establishment.judge(data, tag, now, remote)
    if judged is None:
        session.drops[SctpDrop.BAD_COOKIE] += 1
        return False
    verdict, cookie = judged
    if verdict is Verdict.STALE:
        session.drops[SctpDrop.STALE_COOKIE] += 1
        age = max(0, min(int((now - cookie.made_at - 60) * 1e6), MASK))
        error = write_parameter(STALE_COOKIE, age.to_bytes(4, "big"))
        session.send_alone(write_chunk(ERROR, error), cookie.remote.tag)
        return False
    if verdict is Verdict.DISCARD or session.state is SctpState.SHUTDOWN_ACK_SENT:
        session.drops[SctpDrop.UNEXPECTED] += 1
        return False
    _act(session, verdict, cookie, now)
    session.answers.insert(0, write_chunk(COOKIE_ACK))
    return True


def _act(session: Session, verdict: Verdict, cookie: Cookie, now: float) -> None:
    establishment, up = session.establishment, session.state in _UP
    if verdict is Verdict.RESTART:
        _restart(session, cookie, now)
    elif verdict is Verdict.NEW or not up:
        known = session.agreement
        if known is None or known.remote.tag != cookie.remote.tag:
            session.agree(establishment.agree(cookie.remote))
        establish(session, now)
    elif verdict is Verdict.COLLISION and session.agreement is not None:
        # Row B of the table: the peer goes by another tag.
        renamed = replace(session.agreement.remote, tag=cookie.remote.tag)
        session.agreement = replace(session.agreement, remote=renamed)
        session.set_peer_tag(cookie.remote.tag)


_UP = frozenset({SctpState.ESTABLISHED, SctpState.SHUTDOWN_RECEIVED})


def _restart(session: Session, cookie: Cookie, now: float) -> None:
    establishment, outbound = session.establishment, session.outbound
    establishment.take_over(cookie)
    session.set_tag(cookie.local_tag)
    outbound.begin(cookie.local_tsn)
    outbound.queue.restart_all()
    session.agree(establishment.agree(cookie.remote))
    session.outgoing_resets.restart(cookie.local_tsn)
    establishment.rest()
    session.state = SctpState.ESTABLISHED
    session.heartbeat.put_off(now)
    session.events.append(Restarted())


def on_cookie_ack(session: Session, now: float) -> None:
    """Be up: the peer has its cookie."""
    if session.state is SctpState.COOKIE_ECHOED:
        establish(session, now)


def on_stale_cookie(session: Session, now: float) -> None:
    """Begin again (§5.2.6)."""
    if session.state is not SctpState.COOKIE_ECHOED:
        return
    if session.establishment.begin_again():
        session.agreement = None
        session.inbound = None
        session.cookie_chunk = b""
        begin(session, now)
    else:
        session.end("the peer calls every cookie stale", STALE_COOKIE)


def adopt(session: Session, remote: Initiation, now: float) -> None:
    """Be up with a peer whose INIT came with its description: nothing is exchanged."""
    session.agree(session.establishment.agree(remote))
    # Ours has told it that checksums may be left out.
    session.zero_checksum = True
    establish(session, now)
    # Who we are and how far it is was told by no handshake.
    session.answer(session.heartbeat.ask(now))
