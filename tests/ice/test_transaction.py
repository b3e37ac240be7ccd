from peer.ice import StunServer, TransportAddress
from peer.ice.base import Base
from peer.ice.binding import ServerBinding
from peer.ice.events import IceParameters
from peer.ice.stream import Generation
from peer.ice.transaction import (
    AnyTransaction,
    Due,
    PairRequest,
    Purpose,
    ServerRequest,
    TransactionTable,
)

from .builders import make_pair

REMOTE = TransportAddress("192.0.2.1", 3478)
BASE = Base("0", 1, TransportAddress("10.0.0.1", 5000))


def make_table() -> TransactionTable:
    return TransactionTable(requests=7, last_wait=16.0)


def make_transaction(number: int = 1) -> ServerRequest:
    tid = number.to_bytes(12, "big")
    return ServerRequest(tid, b"request", ServerBinding(BASE, StunServer(REMOTE, "stun:a")))


def run(table: TransactionTable, until: float = 1000.0) -> list[tuple[float, Due]]:
    """Call at exactly the times asked for; gives what was due when."""
    found = []
    while (time := table.next_time()) is not None and time <= until:
        due = table.pop_due(time)
        assert due is not None
        found.append((time, due[1]))
    return found


def test_times_of_rfc_8489() -> None:
    """RFC 8489 §6.2.1: Rc = 7, Rm = 16, RTO = 500 ms."""
    table = make_table()
    table.start(make_transaction(), 0.0)
    *retransmissions, last = run(table)
    assert [time for time, _ in retransmissions] == [0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert {due for _, due in retransmissions} == {Due.RETRANSMIT}
    assert last == (39.5, Due.TIMEOUT)
    assert table.all() == []
    assert table.next_time() is None


def test_longer_timeout() -> None:
    """RFC 8445 §14.3: the RTO grows with the number of checks."""
    table = make_table()
    transaction = make_transaction()
    transaction.rto = 5.0
    table.start(transaction, 100.0)
    times = [time for time, _ in run(table)]
    assert times == [105.0, 115.0, 135.0, 175.0, 255.0, 415.0, 495.0]


def test_nothing_is_due_early() -> None:
    table = make_table()
    table.start(make_transaction(), 0.0)
    assert table.pop_due(0.499999) is None
    assert table.pop_due(0.5) is not None
    assert table.pop_due(0.5) is None


def test_found_by_id_until_finished() -> None:
    table = make_table()
    transaction = make_transaction()
    table.start(transaction, 0.0)
    assert table.find(transaction.tid) is transaction
    table.finish(transaction)
    assert table.find(transaction.tid) is None
    assert transaction.done
    assert table.next_time() is None


def test_finished_twice() -> None:
    table = make_table()
    transaction = make_transaction()
    table.start(transaction, 0.0)
    table.finish(transaction)
    table.finish(transaction)
    assert table.all() == []


def test_cancelling_keeps_listening() -> None:
    """RFC 8445 §7.3.1.4: no more retransmissions, but the full wait for a response."""
    table = make_table()
    transaction = make_transaction()
    table.start(transaction, 0.0)
    assert table.pop_due(0.5) is not None
    table.cancel(transaction)
    assert table.find(transaction.tid) is transaction
    assert run(table) == [(39.5, Due.TIMEOUT)]


def test_one_retransmission_after_a_stall() -> None:
    """The intervals missed meanwhile are not made up for."""
    table = make_table()
    table.start(make_transaction(), 0.0)
    assert table.pop_due(12.0) is not None
    assert table.pop_due(12.0) is None
    assert table.next_time() == 13.0


def test_no_retransmission_after_the_deadline() -> None:
    table = make_table()
    transaction = make_transaction()
    table.start(transaction, 0.0)
    assert table.pop_due(39.5) == (transaction, Due.TIMEOUT)
    assert table.all() == []


def test_lateness_does_not_move_the_deadline() -> None:
    table = make_table()
    table.start(make_transaction(), 0.0)
    assert table.pop_due(35.0) is not None
    assert run(table)[-1] == (39.5, Due.TIMEOUT)


def test_sent_only_once() -> None:
    """RFC 7675 §5.1, RFC 8489 §6.2.2: consent checks and requests over TCP."""
    table = make_table()
    transaction = make_transaction()
    table.start(transaction, 10.0, timeout=39.5)
    assert run(table) == [(49.5, Due.TIMEOUT)]


def test_an_earlier_deadline() -> None:
    table = make_table()
    transaction = make_transaction()
    table.start(transaction, 0.0)
    table.limit(transaction, 2.0)
    assert run(table) == [
        (0.5, Due.RETRANSMIT),
        (1.5, Due.RETRANSMIT),
        (2.0, Due.TIMEOUT),
    ]


def test_a_later_limit_changes_nothing() -> None:
    table = make_table()
    transaction = make_transaction()
    table.start(transaction, 0.0)
    table.limit(transaction, 100.0)
    times = [time for time, _ in run(table)]
    assert times == [0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 39.5]


def test_a_stall_postpones_the_last_wait() -> None:
    table = make_table()
    table.start(make_transaction(), 0.0)
    run(table, until=32.0)
    table.postpone(20.0)
    assert run(table) == [(59.5, Due.TIMEOUT)]


def test_a_stall_postpones_what_was_cancelled() -> None:
    table = make_table()
    transaction = make_transaction()
    table.start(transaction, 0.0)
    table.cancel(transaction)
    table.postpone(20.0)
    assert run(table) == [(59.5, Due.TIMEOUT)]


def test_after_a_stall_all_retransmissions_are_left() -> None:
    """The wait of 2 s ended 18 s late: the rest of the schedule follows from then."""
    table = make_table()
    table.start(make_transaction(), 0.0)
    run(table, until=2.0)
    table.postpone(18.0)
    assert table.pop_due(21.5) is not None
    *times, last = [time for time, _ in run(table)]
    assert times == [25.5, 33.5, 49.5]
    assert last == 57.5


def test_a_stall_postpones_what_is_sent_once() -> None:
    table = make_table()
    table.start(make_transaction(), 0.0, timeout=30.0)
    table.postpone(40.0)
    assert run(table) == [(70.0, Due.TIMEOUT)]


def test_many_in_the_order_of_their_times() -> None:
    table = make_table()
    for number in range(10):
        table.start(make_transaction(number), 0.05 * (9 - number))
    times = [time for time, _ in run(table)]
    assert times == sorted(times)
    assert len(times) == 70


def test_those_of_one_pair() -> None:
    table = make_table()
    first, second = make_pair(), make_pair()
    generation = Generation("0", IceParameters("fragment", "password"))
    requests = [
        PairRequest(
            bytes([i]), (), Purpose.CHECK, pair, generation, controlling=True, use_candidate=False
        )
        for i, pair in enumerate((first, second, first))
    ]
    to_server = make_transaction()
    everything: list[AnyTransaction] = [*requests, to_server]
    for each in everything:
        table.start(each, 0.0)
    assert table.outstanding(first) == [requests[0], requests[2]]
    assert table.pair_requests() == requests
    assert table.all() == everything


def test_cleared() -> None:
    table = make_table()
    transaction = make_transaction()
    table.start(transaction, 0.0)
    table.clear()
    assert table.next_time() is None
    assert table.find(transaction.tid) is None
    assert transaction.done
