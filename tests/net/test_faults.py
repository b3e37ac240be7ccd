"""What the system refuses, by name, and that statistics have it."""

import asyncio
import errno

import pytest

from peer import RTCConfiguration
from peer.net import Fault, NetConfig, SharedPorts
from peer.net.faults import fault_of
from peer.stats import RTCTransportStats
from peer.testing import Network, connect, run
from tests.testing.support import closing


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (OSError(errno.ENETUNREACH, "x"), Fault.UNREACHABLE),
        (OSError(errno.EADDRNOTAVAIL, "x"), Fault.ADDRESS_GONE),
        (OSError(errno.EMFILE, "x"), Fault.EXHAUSTED),
        (MemoryError(), Fault.EXHAUSTED),
        (OSError(errno.EADDRINUSE, "x"), Fault.PORT_TAKEN),
        (OSError("no number"), Fault.OTHER),
    ],
)
def test_names(error: OSError | MemoryError, fault: Fault) -> None:
    assert fault_of(error) is fault


def test_statistics_have_what_the_system_refused() -> None:
    """An interface that is gone under a socket, and a port that is taken."""

    async def story() -> None:
        net = Network()
        one, other = net.host("one"), net.host("other")
        one.below.bind(one.addresses[0], 40000, lambda data, source: None)
        taken = RTCConfiguration(network=NetConfig(shared=SharedPorts(udp=40000), watch=False))
        plain = RTCConfiguration(network=NetConfig(watch=False))
        for configuration, fault in ((taken, "port-taken"), (plain, "unreachable")):
            a, b = one.connection(configuration), other.connection(plain)
            async with closing(a, b):
                a.createDataChannel("chat")
                if configuration is plain:
                    await connect(a, b)
                    one.change_address()
                    await asyncio.sleep(10)
                else:
                    await a.setLocalDescription()
                report = await a.getStats()
                (stats,) = [each for each in report.values() if isinstance(each, RTCTransportStats)]
                assert stats.faults is not None
                assert stats.faults[fault] > 0
                if configuration is plain:
                    healthy = await b.getStats()
                    faults = [getattr(each, "faults", None) for each in healthy.values()]
                    assert not any(faults)

    run(story())
