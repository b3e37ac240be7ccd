"""Against coturn: relayed candidates over UDP, TCP and TLS, and data through them."""

import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from peer.ice import (
    CandidateGathered,
    CandidateType,
    GatheringCompleted,
    GatheringFailed,
    GatherPolicy,
    IceConfig,
    IceRole,
    SelectedPairChanged,
)
from peer.net import IceServer, NetConfig

from .certificates import make_certificates
from .coturn import PASSWORD, USERNAME, Coturn, running_coturn
from .support import LOOPS, Side, assert_nothing_left, connect, net, run

pytestmark = pytest.mark.interop

RELAY = IceConfig(allow_loopback=True, gather_policy=GatherPolicy.RELAY)


@pytest.fixture(scope="module")
def coturn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coturn]:
    with running_coturn(tmp_path_factory.mktemp("coturn")) as server:
        yield server


def _url(coturn: Coturn, transport: str, host: str = "127.0.0.1") -> str:
    if transport == "tls":
        return f"turns:{host}:{coturn.tls_port}"
    return f"turn:{host}:{coturn.port}?transport={transport}"


def _server(url: str, credential: str = PASSWORD) -> IceServer:
    return IceServer((url,), USERNAME, credential)


def _trusting(coturn: Coturn) -> NetConfig:
    context = ssl.create_default_context(cafile=coturn.certificates.authority)
    return net(ssl_context=context)


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.__name__)
@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_data_through_two_relays(
    coturn: Coturn, transport: str, loop: Callable[[Any], None]
) -> None:
    """RFC 8656; the same server relays for both sides."""

    async def story() -> None:
        one = Side(IceRole.CONTROLLING, ice=RELAY, config=_trusting(coturn))
        other = Side(IceRole.CONTROLLED, ice=RELAY, config=_trusting(coturn))
        await connect(one, other, servers=[_server(_url(coturn, transport))])
        for side in (one, other):
            candidates = [event.candidate for event in side.of(CandidateGathered)]
            assert [candidate.type for candidate in candidates] == [CandidateType.RELAYED]
            assert candidates[0].relay_protocol == transport
            assert not any(event.direct for event in side.of(SelectedPairChanged))
        for number in range(50):
            # More at a time may be lost: two sockets of the server's take part.
            assert one.driver.send("0", 1, b"\x80%d" % number)
            await other.received(number + 1)
        assert other.data == [b"\x80%d" % number for number in range(50)]
        assert other.driver.send("0", 1, b"\x90back")
        assert await one.received() == [b"\x90back"]
        await one.close()
        await other.close()
        await assert_nothing_left()

    loop(story())


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_closing_deletes_the_allocation(coturn: Coturn, transport: str) -> None:
    """RFC 8656 §8: a Refresh with a lifetime of zero, sent before the sockets close."""
    told = "refreshed, realm=<example.org>, username=<user>, lifetime=0"
    before = coturn.log.read_text(errors="replace").count(told)

    async def story() -> None:
        side = Side(IceRole.CONTROLLING, ice=RELAY, config=_trusting(coturn))
        side.driver.gather([_server(_url(coturn, transport))])
        await side.event(GatheringCompleted)
        assert len(side.of(CandidateGathered)) == 1
        await side.close()
        await assert_nothing_left()

    run(story())
    coturn.wait_for(told, before + 1)


def test_name_of_the_server_is_resolved_and_verified(coturn: Coturn) -> None:
    """RFC 8489 §6.2.3: the certificate must carry the name of the URL."""

    async def story() -> None:
        side = Side(IceRole.CONTROLLING, ice=RELAY, config=_trusting(coturn))
        side.driver.gather([_server(_url(coturn, "tls", "localhost"))])
        await side.event(GatheringCompleted)
        assert len(side.of(CandidateGathered)) == 1
        await side.close()
        await assert_nothing_left()

    run(story())


def test_certificate_of_a_stranger_is_refused(
    coturn: Coturn, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """RFC 8489 §6.2.3: no relay is better than one nobody vouches for."""
    other_authority = make_certificates(tmp_path_factory.mktemp("other")).authority

    async def story() -> None:
        context = ssl.create_default_context(cafile=other_authority)
        side = Side(IceRole.CONTROLLING, ice=RELAY, config=net(ssl_context=context))
        side.driver.gather([_server(_url(coturn, "tls"))])
        failure = await side.event(GatheringFailed)
        assert failure.code == 701
        assert "certificate verify failed" in failure.reason
        await side.event(GatheringCompleted)
        assert side.of(CandidateGathered) == []
        await side.close()
        await assert_nothing_left()

    run(story())


def test_wrong_password_is_reported(coturn: Coturn) -> None:
    async def story() -> None:
        side = Side(IceRole.CONTROLLING, ice=RELAY)
        side.driver.gather([_server(_url(coturn, "udp"), "wrong")])
        failure = await side.event(GatheringFailed)
        assert (failure.code, failure.url) == (401, _url(coturn, "udp"))
        await side.event(GatheringCompleted)
        await side.close()
        await assert_nothing_left()

    run(story())


def test_the_direct_pair_wins_over_all_relays(coturn: Coturn) -> None:
    """All candidates of all kinds together: host, and relayed over each transport."""

    async def story() -> None:
        servers = [_server(_url(coturn, transport)) for transport in ("udp", "tcp", "tls")]
        one = Side(IceRole.CONTROLLING, config=_trusting(coturn))
        other = Side(IceRole.CONTROLLED, config=_trusting(coturn))
        await connect(one, other, servers=servers)
        kinds = [event.candidate.type for event in one.of(CandidateGathered)]
        assert kinds.count(CandidateType.HOST) == 1
        assert (await one.nominated()).direct
        assert one.driver.send("0", 1, b"\x80direct")
        assert await other.received() == [b"\x80direct"]
        await one.close()
        await other.close()
        await assert_nothing_left()

    run(story())


def test_a_restart_with_another_server(coturn: Coturn) -> None:
    """The W3C's setConfiguration: new servers are asked when gathering begins anew."""

    async def story() -> None:
        side = Side(IceRole.CONTROLLING, ice=RELAY, config=_trusting(coturn))
        side.driver.gather()
        await side.event(GatheringCompleted)
        assert side.of(CandidateGathered) == []
        # Resolving the name takes longer than anything else there is to do.
        parameters = side.driver.restart("0", [_server(_url(coturn, "tls", "localhost"))])
        completed = await side.event(GatheringCompleted, 2)
        assert completed.username_fragment == parameters.username_fragment
        (gathered,) = side.of(CandidateGathered)
        assert gathered.username_fragment == parameters.username_fragment
        await side.close()
        await assert_nothing_left()

    run(story())
