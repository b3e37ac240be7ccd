"""Time one authenticated ICE check: build, parse, verify and answer it, here and in aioice.

    python -m tools.bench.stun [--rounds N] [--checks N]

Prints the median CPU time per check of each and their ratio. The rounds are short and in turns,
so that both meet the same changes of the processor's speed.
"""

import argparse
import statistics
import time
from collections.abc import Callable

from aioice import stun as aioice_stun

from peer.ice import stun
from peer.ice.address import TransportAddress

USERNAME = "EsAwDaFh:KRhEXNQz"
PASSWORD = "asd88fgpdd777uzjYhagZg7x"
SOURCE = TransportAddress("192.0.2.15", 54321)
TRANSACTION_ID = bytes(range(12))
TIE_BREAKER = 0x932FF9B151263B36
PRIORITY = 1862270975


def our_check() -> None:
    """Build a check, take it in, answer it; the request as RFC 8445 §7.2.2 has it."""
    key = stun.short_term_key(PASSWORD)
    request = stun.build(
        stun.Method.BINDING,
        stun.MessageClass.REQUEST,
        TRANSACTION_ID,
        (
            (stun.USERNAME, USERNAME),
            (stun.PRIORITY, PRIORITY),
            (stun.ICE_CONTROLLING, TIE_BREAKER),
            (stun.USE_CANDIDATE, True),
        ),
        key=key,
    )
    message = stun.parse(request)
    if not (message.has_fingerprint and stun.verify_integrity(message, key)):
        raise AssertionError
    if message.get(stun.USERNAME) != USERNAME or message.get(stun.PRIORITY) != PRIORITY:
        raise AssertionError
    if message.get(stun.ICE_CONTROLLING) != TIE_BREAKER or not message.get(stun.USE_CANDIDATE):
        raise AssertionError
    stun.build(
        stun.Method.BINDING,
        stun.MessageClass.SUCCESS,
        message.transaction_id,
        ((stun.XOR_MAPPED_ADDRESS, SOURCE),),
        key=key,
    )


def aioice_check() -> None:
    """The same with aioice, written the way its own agent does it."""
    key = PASSWORD.encode()
    request = aioice_stun.Message(
        message_method=aioice_stun.Method.BINDING,
        message_class=aioice_stun.Class.REQUEST,
        transaction_id=TRANSACTION_ID,
    )
    request.attributes["USERNAME"] = USERNAME
    request.attributes["PRIORITY"] = PRIORITY
    request.attributes["ICE-CONTROLLING"] = TIE_BREAKER
    request.attributes["USE-CANDIDATE"] = None
    request.add_message_integrity(key)
    message = aioice_stun.parse_message(bytes(request))
    if not message.check_message_integrity(key):
        raise AssertionError
    if message.attributes["USERNAME"] != USERNAME or message.attributes["PRIORITY"] != PRIORITY:
        raise AssertionError
    response = aioice_stun.Message(
        message_method=aioice_stun.Method.BINDING,
        message_class=aioice_stun.Class.RESPONSE,
        transaction_id=message.transaction_id,
    )
    response.attributes["XOR-MAPPED-ADDRESS"] = (SOURCE.host, SOURCE.port)
    response.add_message_integrity(key)
    bytes(response)


def cpu_microseconds(run: Callable[[], None], checks: int) -> float:
    """The CPU time of one call of `run`, averaged over `checks` calls."""
    start = time.process_time()
    for _ in range(checks):
        run()
    return (time.process_time() - start) / checks * 1e6


def measure(rounds: int, checks: int) -> tuple[float, float]:
    """Median microseconds per check, ours and aioice's, measured in turns."""
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(cpu_microseconds(our_check, checks))
        theirs.append(cpu_microseconds(aioice_check, checks))
    return statistics.median(ours), statistics.median(theirs)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=201)
    parser.add_argument("--checks", type=int, default=50)
    options = parser.parse_args()
    ours, theirs = measure(options.rounds, options.checks)
    print("one authenticated ICE check built, parsed, verified and answered")
    print(f"  aiopeer {ours:7.2f} us   aioice {theirs:7.2f} us   ratio {ours / theirs:.3f}")


if __name__ == "__main__":
    main()
