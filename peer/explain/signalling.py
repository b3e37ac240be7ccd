"""Causes before anything is sent: descriptions and candidates that did not come, or came wrong."""

from collections.abc import Iterator

from .call import Call, Described
from .finding import Finding
from .hosts import family, is_hidden
from .text import counted, seconds

PATIENCE = 5.0
"""Seconds an answer may take before its absence counts as certain."""
_SOON = 2.0
"""Seconds an answer takes often; until then its absence says nothing."""


def refused_call(call: Call) -> Iterator[Finding]:
    """A call of the API that raised: the order was wrong, or the text."""
    for time, method, text, described in call.failures:
        if method == "addIceCandidate":
            yield from _refused_candidate(call, time, text, described=described)
            return
        if method in ("setRemoteDescription", "setLocalDescription", "createAnswer", "createOffer"):
            later = [one for one in (*call.local, *call.remote) if one.time > time]
            if later or call.connected is not None:
                continue  # it was tried again
            yield Finding(
                "call-refused",
                f"{method} was refused at {seconds(time)}, and the exchange went no further.",
                (f"{seconds(time)} {method}: {text}", f"signaling state: {_signaling(call)}"),
                "Call it in the state it is for; for offers of both sides at once use perfect "
                "negotiation.",
            )
            return


def _refused_candidate(call: Call, time: float, text: str, *, described: bool) -> Iterator[Finding]:
    count = sum(one.method == "addIceCandidate" for one in call.failures)
    evidence = (
        f"{seconds(time)} addIceCandidate: {text}",
        f"refused: {counted(count, 'candidate')}",
    )
    certain = call.connected is None and not call.remote_candidates
    if not described:
        yield Finding(
            "candidates-too-early",
            f"{counted(count, 'candidate')} came before the description, and could not be taken.",
            evidence,
            "Call addIceCandidate after setRemoteDescription; keep early ones until then.",
            certain,
        )
    elif "generation" in text or "ufrag" in text.lower() or "fragment" in text:
        known = sorted({ufrag for one in call.remote for ufrag in one.ufrags})
        yield Finding(
            "candidates-of-another-generation",
            f"{counted(count, 'candidate')} of another description than that which was set came.",
            (*evidence, f"the peer's description has the ufrag {' '.join(known)}"),
            "Send candidates after the description they belong to, and drop those of an old one.",
            certain,
        )
    else:
        yield Finding(
            "candidates-refused",
            f"{counted(count, 'candidate')} could not be taken: {text}.",
            evidence,
            "Hand over what the peer's icecandidate event gave, with sdpMid and sdpMLineIndex.",
            certain,
        )


def no_answer(call: Call) -> Iterator[Finding]:
    """An offer of ours, and nothing came back."""
    if call.remote or not call.local or call.local[-1].type != "offer":
        return
    waited = call.ended - call.local[-1].time
    if waited < _SOON and call.is_under_way:
        return
    yield Finding(
        "no-answer",
        f"Our offer has had no answer for {seconds(waited)}.",
        (
            f"{seconds(call.local[-1].time)} the offer was set",
            "no remote description was set",
            f"signaling state: {_signaling(call)}",
        ),
        "Look at the signalling: did the offer reach the peer, and did its answer reach "
        "setRemoteDescription?",
        waited >= PATIENCE or call.closed,
    )


def answer_not_made(call: Call) -> Iterator[Finding]:
    """The peer's offer was set, and no answer of ours."""
    if not call.remote or call.remote[-1].type != "offer":
        return
    offer = call.remote[-1]
    if any(one.type in ("answer", "pranswer") and one.time >= offer.time for one in call.local):
        return
    waited = call.ended - offer.time
    if waited < _SOON and call.is_under_way:
        return
    yield Finding(
        "answer-not-made",
        f"The peer's offer has been waiting for our answer for {seconds(waited)}.",
        (f"{seconds(offer.time)} the offer was set", f"signaling state: {_signaling(call)}"),
        "Call setLocalDescription() once setRemoteDescription has ended, and send the answer.",
        waited >= PATIENCE or call.closed,
    )


def no_candidates_from_peer(call: Call) -> Iterator[Finding]:
    """The peer told no address, and none was learned from its checks."""
    if not _exchanged(call) or call.remote_candidates:
        return
    if call.total("candidate-pair", "requestsReceived") or call.stats("remote-candidate"):
        return
    yield Finding(
        "no-candidates-from-peer",
        "The peer told no address: no candidate is in its description, and none came after it.",
        (
            f"{seconds(call.remote[-1].time)} the peer's {call.remote[-1].type} was set",
            "addIceCandidate was called with no candidate",
        ),
        "Forward what the peer's icecandidate events give, or wait for its gathering to end "
        "before its description is sent.",
        # Where our own servers gave nothing, those of the peer may be the same.
        bool(call.local_candidates) or not call.gather_errors,
    )


_PASSED_OVER = (
    "candidate-unusable",
    "candidate-forbidden",
    "pair-out-of-scope",
    "too-many-candidates",
)


def candidates_unusable(call: Call) -> Iterator[Finding]:
    """All that the peer told were addresses nobody can send to."""
    unusable = call.dropped(*_PASSED_OVER)
    if not unusable or call.stats("candidate-pair"):
        return
    addresses = sorted({str(details.get("address")) for _, details in unusable})
    yield Finding(
        "candidates-unusable",
        f"No candidate of the peer can be used: {' '.join(addresses[:5])}.",
        (f"passed over: {len(unusable)}, and no pair was formed",),
        "Give the peer an address that can be reached: loopback, multicast, port 0 and "
        "privileged ports are not checked.",
    )


def no_common_family(call: Call) -> Iterator[Finding]:
    """One side has only IPv4, the other only IPv6."""
    ours = {family(one.address) for one in call.local_candidates} - {""}
    theirs = {family(one.address) for one in call.remote_candidates} - {""}
    hidden = any(is_hidden(one.address) for one in call.remote_candidates)
    if not ours or not theirs or ours & theirs or hidden or call.connected is not None:
        return
    yield Finding(
        "no-common-family",
        f"We have only {' '.join(ours)} addresses, the peer only {' '.join(theirs)}.",
        (
            f"ours: {', '.join(str(one) for one in call.local_candidates[:4])}",
            f"the peer's: {', '.join(str(one) for one in call.remote_candidates[:4])}",
        ),
        "Use a TURN server that has both families.",
    )


def names_unresolved(call: Call) -> Iterator[Finding]:
    """The peer hides its addresses behind names that mean nothing here."""
    hidden = [one for one in call.remote_candidates if is_hidden(one.address)]
    if not hidden or call.connected is not None:
        return
    if len(hidden) < len(call.remote_candidates) or call.total("candidate-pair", "requestsSent"):
        return
    yield Finding(
        "names-unresolved",
        f"{hidden[0].address} does not resolve here, and the peer told nothing else.",
        (f"{len(hidden)} candidates of the peer have names (mDNS) for addresses",),
        "Names are known on the peer's own link alone: give it a STUN or TURN server, and have "
        "containers use the host's network.",
    )


def no_common_codec(call: Call) -> Iterator[Finding]:
    """A section that both sides wanted was rejected in the answer."""
    answer, offer = _last_exchange(call)
    if answer is None or offer is None:
        return
    for asked, given in zip(offer.sections, answer.sections, strict=False):
        if asked.port and not given.port and asked.is_rtp:
            names = {codec.name for codec in asked.codecs}
            yield Finding(
                "section-rejected",
                f"The {asked.kind} section {asked.mid or ''} was rejected in the answer.",
                (
                    f"m={asked.kind} has port 0 in the {answer.type}",
                    f"the offer had: {' '.join(sorted(names))}",
                ),
                "Offer a codec that the other side has, and have a transceiver for the section.",
            )


def _last_exchange(call: Call) -> tuple[Described | None, Described | None]:
    answers = [one for one in (*call.local, *call.remote) if one.type == "answer"]
    answer = max(answers, key=lambda one: one.time, default=None)
    if answer is None:
        return None, None
    others = call.remote if answer in call.local else call.local
    offers = [one for one in others if one.type == "offer" and one.time <= answer.time]
    return answer, offers[-1] if offers else None


def _exchanged(call: Call) -> bool:
    return bool(call.local and call.remote)


def _signaling(call: Call) -> str:
    return call.state("signaling") or "stable"


CAUSES = (
    refused_call,
    no_answer,
    answer_not_made,
    no_candidates_from_peer,
    candidates_unusable,
    no_common_family,
    names_unresolved,
)
CODEC_CAUSES = (no_common_codec,)
