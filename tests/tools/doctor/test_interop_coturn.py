"""The doctor against coturn: every transport, what it refuses, and RFC 5780."""

import asyncio
import ssl
from collections.abc import Iterator

import pytest

from peer.ice import NetworkType
from peer.net import IceServer, InterfaceAddress
from peer.net.system import Machine
from tests.net.coturn import PASSWORD, USERNAME, Coturn, running_coturn
from tools.command.doctor import Check, Examination, Given, Status, examine

pytestmark = pytest.mark.interop


class Loopback(Machine):
    """This machine without its networks: no test asks them for names."""

    def addresses(self) -> list[InterfaceAddress]:
        found = super().addresses()
        return [each for each in found if each.network is NetworkType.LOOPBACK]


@pytest.fixture(scope="module")
def coturn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coturn]:
    with running_coturn(tmp_path_factory.mktemp("coturn"), "127.0.0.1", "127.0.0.2") as server:
        yield server


def urls(coturn: Coturn) -> tuple[str, str, str]:
    return (
        f"turn:127.0.0.1:{coturn.port}",
        f"turn:127.0.0.1:{coturn.port}?transport=tcp",
        f"turns:127.0.0.1:{coturn.tls_port}",
    )


def asked(
    coturn: Coturn, *servers: IceServer, trusting: bool = True
) -> tuple[Examination, list[Check]]:
    """Examine; gives what was said of TURN servers besides."""
    authority = coturn.certificates.authority if trusting else None
    context = ssl.create_default_context(cafile=authority)
    found = asyncio.run(examine(Given(servers, Loopback(), context)))
    relays = [c for c in found.checks if "carries" in c.values or "code" in c.values]
    return found, relays


def test_relays_over_each_transport(coturn: Coturn) -> None:
    found, relays = asked(coturn, IceServer(urls(coturn), USERNAME, PASSWORD))
    assert [(each.topic, each.status) for each in relays] == [
        (url, Status.PASS) for url in urls(coturn)
    ]
    assert all(each.values["carries"] for each in relays)
    assert all(each.certain for each in found.prospects)


def test_what_it_refuses(coturn: Coturn) -> None:
    ended = IceServer(urls(coturn)[:1], "1000000000:me", PASSWORD)
    _, relays = asked(coturn, IceServer(urls(coturn)[:2], USERNAME, "wrong"), ended)
    assert [each.values["code"] for each in relays] == [401, 401, 401]
    assert relays[0].words == "refuses the credentials"
    assert "the credentials ended" in relays[2].words


def test_a_certificate_that_is_not_trusted(coturn: Coturn) -> None:
    server = IceServer(urls(coturn)[2:], USERNAME, PASSWORD)
    _, (relay,) = asked(coturn, server, trusting=False)
    assert (relay.status, relay.values["code"]) == (Status.FAIL, 701)
    assert "certificate" in relay.evidence[0]


def test_it_has_rfc_5780(coturn: Coturn) -> None:
    """On loopback there is no NAT, and nothing is filtered: answers come from everywhere."""
    found, _ = asked(coturn, IceServer((f"stun:127.0.0.1:{coturn.port}",)))
    (nat,) = [check for check in found.checks if check.topic == "NAT"]
    assert nat.values == {
        "mapping": ["endpoint-independent"],
        "filtering": ["endpoint-independent"],
        "hairpin": None,
    }
    assert nat.words == "none; a firewall at most"
