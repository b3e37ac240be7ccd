"""Credentials, restarts and removal of data streams (RFC 8445 §5.3, §9)."""

from . import gathering
from .address import TransportAddress, usable_as_host
from .base import Base
from .candidate import CandidateType, TransportProtocol
from .candidates import announce_host
from .checklist import ChecklistState
from .checks import switch_role
from .conclusion import (
    complete,
    drop_valid,
    evaluate,
    fail_nomination,
    retire_previous,
    update,
)
from .config import DEFAULT_TA, MAX_TA
from .errors import InvalidParameterError
from .events import CandidateRemoved, IceParameters, IceRole, RemoteParameters
from .freeing import release
from .pair import CandidatePair
from .pair_state import PairState, PairStep
from .session import Session, random_text
from .stream import Generation, Stream

MIN_FRAGMENT, MAX_FRAGMENT = 4, 256
MIN_PASSWORD, MAX_PASSWORD = 22, 256


def make_generation(
    session: Session, stream_id: str, parameters: IceParameters | None = None
) -> Generation:
    """Start a generation with given credentials or fresh ones (RFC 8445 §5.3)."""
    if parameters is not None:
        check_credentials(parameters.username_fragment, parameters.password)
        return Generation(stream_id, parameters)
    fragment = random_text(session.entropy, session.config.ufrag_bytes)
    password = random_text(session.entropy, session.config.password_bytes)
    return Generation(stream_id, IceParameters(fragment, password))


def make_stream(
    session: Session,
    stream_id: str,
    components: tuple[int, ...],
    parameters: IceParameters | None,
) -> IceParameters:
    """Add a stream. Raises InvalidParameterError for a known id or odd components."""
    if stream_id in session.streams:
        raise InvalidParameterError(f"stream {stream_id!r} exists")
    if not components or components[0] < 1 or components[-1] > 256:
        raise InvalidParameterError("components are 1..256")
    generation = make_generation(session, stream_id, parameters)
    embeds = session.config.embed_handshake
    session.streams[stream_id] = Stream(stream_id, components, generation, embeds=embeds)
    session.checklists.append(generation.checklist)
    return generation.local


def take_base(session: Session, stream: Stream, base: Base, *, loopback: bool) -> bool:
    """Add a base; False when its address may not be a candidate (RFC 8445 §5.1.1.1)."""
    known, config = base.address, session.config
    loopback = loopback or config.allow_loopback
    if not usable_as_host(known.host, loopback=loopback, mapped=config.allow_mapped):
        return False
    if base.transport is TransportProtocol.UDP:
        beside = session.bases.setdefault(known, [])
        if not all(each.shared and base.shared for each in beside):
            raise InvalidParameterError(f"{known} is in use")
        beside.append(base)
    stream.bases.append(base)
    stream.base_settled(base.component, known.host)
    session.new_bases.append(base)
    return True


def check_credentials(username_fragment: str, password: str) -> None:
    """Refuse what RFC 8839 §5.4 does not allow. Raises InvalidParameterError."""
    if not MIN_FRAGMENT <= len(username_fragment) <= MAX_FRAGMENT or ":" in username_fragment:
        raise InvalidParameterError("a username fragment has 4..256 characters and no colon")
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise InvalidParameterError("a password has 22..256 characters")


def set_remote(session: Session, stream: Stream, parameters: RemoteParameters) -> None:
    """Take the peer's credentials; when they change without a restart of ours, begin anew."""
    check_credentials(parameters.username_fragment, parameters.password)
    known = stream.current.remote
    if known is not None:
        same = (known.username_fragment, known.password)
        if same == (parameters.username_fragment, parameters.password):
            return
        _meet_another(session, stream)
    generation = stream.current
    generation.remote = parameters
    generation.remote_key = parameters.password.encode()
    for embedding in stream.embeddings.values():
        embedding.meet(parameters.embedding)
    if stream.previous is not None and stream.previous.remote is not None:
        stream.old_fragments.append(stream.previous.remote.username_fragment)
    while parameters.username_fragment in stream.old_fragments:
        stream.old_fragments.remove(parameters.username_fragment)
    agree_on_pacing(session)
    if parameters.lite is not session.config.lite:
        role = IceRole.CONTROLLING if parameters.lite else IceRole.CONTROLLED
        if session.role is not role:
            switch_role(session)


def agree_on_pacing(session: Session) -> None:
    """Pace with the largest Ta that either side wants for a stream (RFC 8445 §14.2)."""
    remotes = [stream.current.remote for stream in session.streams.values()]
    wanted = [_pacing(remote) for remote in remotes if remote is not None]
    session.pacer.ta = max([session.timings.pace, *wanted])


def _pacing(remote: RemoteParameters) -> float:
    """What a peer paces with: the default where it signals nothing."""
    return DEFAULT_TA if remote.pacing is None else min(remote.pacing, MAX_TA)


def restart_stream(
    session: Session, stream: Stream, parameters: IceParameters | None = None
) -> IceParameters:
    """Start a new generation; what carried data goes on doing so (RFC 8445 §9)."""
    _check_renewed(stream.current.local, parameters)
    new = make_generation(session, stream.id, parameters)
    _supersede(session, stream, new)
    for base in stream.bases:
        if base.relay is None:
            announce_host(session, stream, base)
    gathering.restart(session, stream)
    update(session, stream)
    return new.local


def _meet_another(session: Session, stream: Stream) -> None:
    """Start a generation with our credentials and candidates as they are: the peer alone has new
    ones, or another endpoint took its place."""
    old = stream.current
    new = Generation(stream.id, old.local)
    new.local_candidates = [
        local
        for local in old.local_candidates
        if local.candidate.type is not CandidateType.PEER_REFLEXIVE
    ]
    new.local_ended = old.local_ended
    old.replaced = True
    # What came ahead of the new credentials may belong to them.
    new.waiting_candidates, new.early_end = old.waiting_candidates, old.early_end
    _supersede(session, stream, new)
    update(session, stream)


def _supersede(session: Session, stream: Stream, new: Generation) -> None:
    """Make a generation the current one; what carried data goes on doing so (RFC 8445 §9)."""
    old = stream.current
    carries = any(pair in old.checklist.valid for pair in stream.sending.values())
    if carries and stream.previous is not None:
        retire_previous(session, stream)
    for transaction in session.transactions.pair_requests():
        pair = transaction.pair
        if pair.state is PairState.IN_PROGRESS and pair in old.checklist.pairs:
            session.transactions.finish(transaction)
    old.checklist.triggered.clear()
    if carries:
        stream.previous = old
    else:
        stream.remember(old)
        stream.forget_key(old)
        if old.remote is not None:
            stream.old_fragments.append(old.remote.username_fragment)
    session.checklists.replace(old.checklist, new.checklist)
    stream.current = new
    agree_on_pacing(session)
    stream.keys[new.local.username_fragment] = new.key


def cancel_restart(session: Session, stream: Stream, parameters: IceParameters) -> bool:
    """Go back to the generation before a restart whose offer was rolled back (W3C §4.4.1.5).

    Tells whether that one still carries data. If not, a new one begins with its credentials.
    """
    cancelled, before = stream.current, stream.previous
    if before is None or before.local != parameters or before.replaced:
        restart_stream(session, stream, parameters)
        return False
    for transaction in session.transactions.pair_requests():
        pair = transaction.pair
        if transaction.generation is cancelled or pair in cancelled.checklist.pairs:
            session.transactions.finish(transaction)
    session.checklists.replace(cancelled.checklist, before.checklist)
    stream.current, stream.previous = before, None
    agree_on_pacing(session)
    stream.remember(cancelled)
    stream.forget_key(cancelled)
    stream.bases_ended = True
    update(session, stream)
    return True


def _check_renewed(old: IceParameters, new: IceParameters | None) -> None:
    if new is None:
        return
    if new.username_fragment == old.username_fragment or new.password == old.password:
        raise InvalidParameterError("a restart changes both username fragment and password")


def find_bases(
    session: Session, address: TransportAddress, transport: TransportProtocol
) -> list[Base]:
    """Find the bases of ours on an address that are still in use."""
    return [
        base
        for stream in session.streams.values()
        for base in stream.bases
        if base.relay is None and base.address == address and base.transport is transport
    ]


def drop_base(session: Session, stream: Stream, base: Base, reason: str) -> None:
    """Forget a base that is gone, with everything built on it (RFC 8445 §5.1.1.4)."""
    gathering.forget(session, base)
    for local in [each for each in stream.current.local_candidates if each.base is base]:
        stream.current.local_candidates.remove(local)
        stream.current.removed_candidates.append(local)
        session.emit(CandidateRemoved(stream.id, local.candidate))
    for generation in stream.generations():
        for pair in [pair for pair in generation.checklist.valid if pair.local.base is base]:
            drop_valid(session, stream, pair, reason)
        if generation is stream.current:
            for pair in [pair for pair in generation.checklist.pairs if pair.local.base is base]:
                _end_checks(session, pair)
                session.checklists.discard(generation.checklist, pair, reason)
    release(session, stream, base)
    update(session, stream)


def _end_checks(session: Session, pair: CandidatePair) -> None:
    for transaction in session.transactions.outstanding(pair):
        session.transactions.finish(transaction)


def stop_component(session: Session, stream: Stream, component: int) -> None:
    """Stop using a component, because RTCP is multiplexed after all (RFC 5761 §5.1.1)."""
    stream.components.remove(component)
    for generation in stream.generations():
        generation.selected.pop(component, None)
    for base in [base for base in stream.bases if base.component == component]:
        drop_base(session, stream, base, "component removed")
    for generation in stream.generations():
        generation.waiting_candidates = [
            item for item in generation.waiting_candidates if item[1].component != component
        ]
    stream.awaited = [each for each in stream.awaited if each.component != component]
    stream.sending.pop(component, None)
    stream.states.pop(component, None)
    if stream.components and stream.current.checklist.state is ChecklistState.RUNNING:
        complete(session, stream, stream.current)
    update(session, stream)


def fail_pairs_on(
    session: Session, stream: Stream, base: Base, remote: TransportAddress, reason: str
) -> None:
    """Fail the checks on one 5-tuple that is not there any more."""
    for generation in stream.generations():
        pair = generation.checklist.find(base, remote)
        if pair is not None and pair.state is not PairState.SUCCEEDED:
            _fail_pair(session, stream, generation, pair, reason)
    evaluate(session, stream)


def _fail_pair(
    session: Session, stream: Stream, generation: Generation, pair: CandidatePair, reason: str
) -> None:
    if not session.checklists.move(pair, PairStep.GIVE_UP, reason):
        return
    _end_checks(session, pair)
    if pair in generation.checklist.triggered:
        generation.checklist.triggered.remove(pair)
    if pair.nominating and pair.valid is not None:
        fail_nomination(session, stream, pair.valid, reason)


def fail_pairs(session: Session, stream: Stream, base: Base, host: str, reason: str) -> None:
    """Fail the pairs from a base to a remote IP address that cannot be reached from there."""
    for generation in stream.generations():
        for pair in generation.checklist.pairs:
            if pair.local.base is base and pair.remote.address.host == host:
                _fail_pair(session, stream, generation, pair, reason)
    evaluate(session, stream)
