"""What happens during calls of the network lab, and to whom."""

from tools.natlab.events import EVENTS


def test_a_server_has_nothing_happen_to_it() -> None:
    sides = {event.name: event.sides for event in EVENTS.values()}
    servers = {name for name in sides if name.endswith("towards a server")}
    assert servers
    assert sides == {name: (0,) if name in servers else (0, 1) for name in sides}
