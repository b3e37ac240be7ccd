"""Keepalives (RFC 8445 §11)."""

from peer.ice import IceConfig, stun
from tests.sim.agent_host import AgentHost
from tests.sim.datagram_log import Kind

from .lab import CONTROLLED, Lab, at, base_of
from .scripted_peer import ScriptedPeer

WITHOUT_CONSENT = IceConfig(consent=False)


def _connect(lab: Lab, config: IceConfig) -> tuple[AgentHost, ScriptedPeer]:
    """A controlled agent with a valid pair since 0.02 s."""
    alice, peer = lab.agent(role=CONTROLLED, config=config), lab.peer(controlling=True)
    peer.meet(alice, end=True)
    lab.run_until(0.05)
    return alice, peer


def test_idle_pair_is_kept_alive_every_fifteen_seconds(lab: Lab) -> None:
    """RFC 8445 §11: with a Binding indication that carries FINGERPRINT and nothing else."""
    alice, peer = _connect(lab, WITHOUT_CONSENT)
    lab.run_until(46)
    indications = alice.log.of_kind(Kind.INDICATION)
    assert [sent.time for sent in indications] == [at(15.02), at(30.02), at(45.02)]
    for sent in indications:
        message = sent.read()
        assert message.method == stun.Method.BINDING
        assert message.values == {}
        assert message.has_fingerprint
        assert not message.has_integrity
        assert sent.remote == peer.port.address


def test_data_is_keepalive_enough(lab: Lab) -> None:
    """RFC 8445 §11: Tr counts from whatever was sent last."""
    alice, _ = _connect(lab, WITHOUT_CONSENT)
    lab.run_until(10)
    alice.send(b"\x80data")
    lab.run_until(24)
    assert alice.log.of_kind(Kind.INDICATION) == []
    lab.run_until(26)
    assert [sent.time for sent in alice.log.of_kind(Kind.INDICATION)] == [at(25.0)]


def test_consent_checks_replace_keepalives(lab: Lab) -> None:
    """RFC 7675 §4."""
    alice, _ = _connect(lab, IceConfig())
    lab.run_until(600)
    assert alice.log.of_kind(Kind.INDICATION) == []
    assert len(alice.log.checks()) > 100


def test_only_the_selected_pair_is_kept_alive(lab: Lab) -> None:
    """RFC 8445 §11: once there is one."""
    alice = lab.agent(role=CONTROLLED, config=WITHOUT_CONSENT)
    peer = lab.peer(controlling=True)
    other = peer.open(6000)
    peer.meet(alice, end=True)
    lab.run_until(1)
    other.check(base_of(alice), use_candidate=True)
    lab.run_until(100)
    remotes = {sent.remote for sent in alice.log.of_kind(Kind.INDICATION)}
    assert remotes == {other.address}


def test_arriving_indication_is_taken_in_silence(lab: Lab) -> None:
    """RFC 8445 §11: no response, no error, no data to the application."""
    alice, peer = _connect(lab, IceConfig())
    before = len(alice.log.sent)
    indication = stun.build(stun.Method.BINDING, stun.MessageClass.INDICATION, bytes(12))
    peer.port.send(indication, base_of(alice))
    lab.run_until(1)
    assert len(alice.log.sent) == before
    assert alice.data() == []
