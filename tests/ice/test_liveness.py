"""Consent, keepalives and silence on the pair in use (RFC 7675, RFC 8445 §11)."""

import pytest

from peer.ice import (
    IceConfig,
    IceState,
    SelectedPairChanged,
    SelectedPairLost,
    StateChanged,
    Timings,
    stun,
)
from peer.ice.conclusion import nominate
from peer.ice.liveness import TURN, due_check, expire, keep_alive, postpone, send_check, times
from peer.ice.transaction import Purpose

from .builders import add_bases, form_pairs, make_session, make_stream, make_valid


class Scene:
    """A stream with valid pairs, the first of them nominated at time 0."""

    def __init__(
        self, config: IceConfig | None = None, *, ports: tuple[int, ...] = (6000, 6001)
    ) -> None:
        self.session = make_session(config)
        self.stream = make_stream(self.session)
        (base,) = add_bases(self.session, self.stream, "10.0.0.1")
        self.pairs = form_pairs(self.session, base, ports)
        make_valid(self.session, self.stream, *self.pairs)
        nominate(self.session, self.stream, self.stream.current, self.pairs[0])
        self.session.events.clear()
        self.session.transmits.clear()

    def due(self) -> Purpose | None:
        """Tell what is to be sent over the pair in use now."""
        found = due_check(self.session)
        assert found is None or found[1] is self.pairs[0]
        return None if found is None else found[2]


class TestConsent:
    def test_within_a_fifth_of_five_seconds(self) -> None:
        """RFC 7675 §5.1."""
        scene = Scene()
        for _ in range(20):
            consent = scene.pairs[0].consent
            assert consent is not None
            scene.session.now = consent.next_check
            assert scene.due() is Purpose.CONSENT
            generation = scene.stream.current
            send_check(scene.session, generation, scene.pairs[0], Purpose.CONSENT)
            assert 4.0 <= consent.next_check - scene.session.now <= 6.0
            assert scene.due() is None
            consent.answered(scene.session.now)

    def test_expires_thirty_seconds_after_the_last_answer(self) -> None:
        scene = Scene()
        scene.session.now = 29.999
        expire(scene.session)
        assert scene.stream.sending == {1: scene.pairs[0]}
        scene.session.now = 30.0
        expire(scene.session)
        assert scene.stream.sending == {}
        (lost,) = [each for each in scene.session.events if isinstance(each, SelectedPairLost)]
        assert lost.reason == "consent expired"

    def test_a_stall_of_ours_is_made_up_for(self) -> None:
        """The answers may be waiting in the sockets."""
        scene = Scene()
        postpone(scene.session, 7.0)
        scene.session.now = 36.999
        expire(scene.session)
        assert scene.stream.sending == {1: scene.pairs[0]}

    def test_ends_with_that_of_all_that_were_silent_as_long(self) -> None:
        """Nothing is connected for the moment that is left of theirs, selected or not."""
        scene = Scene(ports=(6000, 6001, 6002))
        used, *others = scene.pairs
        scene.stream.current.selected.clear()
        scene.stream.unresponsive[1] = 10.0
        for other in others:
            assert other.consent is not None
            other.consent.answered(5.0)
            other.heard = 5.0
        scene.session.now = 30.0
        expire(scene.session)
        assert scene.stream.sending == {}
        assert scene.stream.current.checklist.valid == []
        told = list(scene.session.events)
        assert SelectedPairLost("0", 1, "consent expired") in told
        assert not any(isinstance(each, SelectedPairChanged) for each in told)
        assert used.reason == others[0].reason == "consent expired"

    @pytest.mark.parametrize("config", [IceConfig(consent=False), IceConfig(lite=True)])
    def test_who_checks_no_consent(self, config: IceConfig) -> None:
        scene = Scene(config)
        scene.session.now = 1000.0
        assert scene.due() is None


class TestKeepalive:
    def test_after_fifteen_seconds_of_silence_of_ours(self) -> None:
        """RFC 8445 §11, where no consent checks run."""
        scene = Scene(IceConfig(consent=False))
        scene.pairs[0].stats.last_packet_sent = 4.0
        assert times(scene.session) == [19.0]
        scene.session.now = 18.999
        keep_alive(scene.session)
        assert scene.session.transmits == []
        scene.session.now = 19.0
        keep_alive(scene.session)
        (sent,) = scene.session.transmits
        message = stun.parse(sent.data)
        assert message.message_class is stun.MessageClass.INDICATION
        assert sent.remote == scene.pairs[0].remote.address
        assert times(scene.session) == [34.0]

    def test_consent_checks_do_without(self) -> None:
        scene = Scene()
        scene.session.now = 100.0
        keep_alive(scene.session)
        assert scene.session.transmits == []


class TestSilence:
    QUICK = IceConfig(timings=Timings(liveness=2.5, liveness_timeout=1.0))

    def test_is_put_to_the_test(self) -> None:
        """`Timings.liveness` after anything last came in, data included."""
        scene = Scene(self.QUICK)
        pair = scene.pairs[0]
        consent = pair.consent
        assert consent is not None
        consent.next_check = 100.0
        pair.stats.last_packet_received = 3.0
        assert pair.last_heard == 3.0
        scene.session.now = 5.499
        assert scene.due() is None
        scene.session.now = 5.5
        assert scene.due() is Purpose.LIVENESS
        send_check(scene.session, scene.stream.current, pair, Purpose.LIVENESS)
        assert scene.due() is None
        scene.session.now = 6.499
        expire(scene.session)
        assert scene.stream.states[1] is not IceState.DISCONNECTED
        scene.session.now = 6.5
        expire(scene.session)
        told = [each for each in scene.session.events if isinstance(each, StateChanged)]
        assert [each.state for each in told] == [IceState.DISCONNECTED]

    def test_who_asked_last_leaves_the_turn_to_the_other_side(self) -> None:
        """Each hears of the other by one check for both."""
        scene = Scene(self.QUICK)
        pair = scene.pairs[0]
        consent = pair.consent
        assert consent is not None
        consent.answered(10.0)
        consent.next_check, pair.heard = 100.0, 10.0
        scene.session.now = 10.0 + 2.5 * TURN - 0.001
        assert times(scene.session) == [40.0, 10.0 + 2.5 * TURN]
        assert scene.due() is None
        scene.session.now = 10.0 + 2.5 * TURN
        assert scene.due() is Purpose.LIVENESS
        pair.heard = 10.1
        assert scene.due() is Purpose.LIVENESS
        pair.heard = 10.6
        assert times(scene.session) == [40.0, 13.1]
        assert scene.due() is None

    def test_the_other_valid_pairs_are_asked(self) -> None:
        scene = Scene(self.QUICK)
        consent = scene.pairs[0].consent
        assert consent is not None
        consent.probe_sent = 0.0
        scene.session.now = 5.0
        expire(scene.session)
        assert list(scene.stream.current.checklist.triggered) == [scene.pairs[1]]
        assert not scene.session.checklists.idle

    def test_three_consent_checks_without_an_answer_are_silence(self) -> None:
        scene = Scene()
        consent = scene.pairs[0].consent
        assert consent is not None
        for number in range(3):
            scene.session.now = consent.next_check
            expire(scene.session)
            assert scene.stream.responsive(1), number
            send_check(scene.session, scene.stream.current, scene.pairs[0], Purpose.CONSENT)
        scene.session.now = consent.next_check
        expire(scene.session)
        assert not scene.stream.responsive(1)
