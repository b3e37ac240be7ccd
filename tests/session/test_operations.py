"""The operations chain (W3C §4.4.1.2)."""

import asyncio

import pytest

from peer.api.errors import InvalidStateError
from peer.session.operations import OperationsChain


def make_chain() -> tuple[OperationsChain, list[str]]:
    log: list[str] = []
    return OperationsChain(lambda: log.append("empty")), log


def test_operations_run_one_after_the_other_in_the_order_of_the_calls() -> None:
    async def main() -> None:
        chain, log = make_chain()

        async def operation(name: str) -> str:
            log.append(f"{name} begins")
            await chain.pause()
            log.append(f"{name} ends")
            return name

        results = await asyncio.gather(
            *(chain.run(lambda name=name: operation(name)) for name in "abc")  # type: ignore[misc]
        )
        assert results == ["a", "b", "c"]
        assert log == [f"{name} {what}" for name in "abc" for what in ("begins", "ends")] + [
            "empty"
        ]
        assert chain.empty

    asyncio.run(main())


def test_the_first_operation_begins_within_the_call() -> None:
    async def main() -> None:
        chain, log = make_chain()

        async def operation() -> None:
            log.append("begun")
            await chain.pause()

        running = chain.run(operation)
        running.send(None)
        assert log == ["begun"]
        assert not chain.empty
        running.close()

    asyncio.run(main())


def test_an_operation_that_fails_does_not_stop_the_next() -> None:
    async def main() -> None:
        chain, _ = make_chain()

        async def fail() -> None:
            await chain.pause()
            raise LookupError

        async def work() -> str:
            return "done"

        failed, done = await asyncio.gather(
            chain.run(fail), chain.run(work), return_exceptions=True
        )
        assert isinstance(failed, LookupError)
        assert done == "done"

    asyncio.run(main())


def test_closing_refuses_what_runs_what_waits_and_what_comes() -> None:
    async def main() -> None:
        chain, log = make_chain()

        async def operation() -> None:
            await chain.pause()
            log.append("never")

        tasks = [asyncio.create_task(chain.run(operation)) for _ in range(3)]
        await asyncio.sleep(0)
        chain.close()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(result) for result in results] == [InvalidStateError] * 3
        with pytest.raises(InvalidStateError):
            await chain.run(operation)
        assert log == []

    asyncio.run(main())


@pytest.mark.parametrize("passed_on", [False, True])
def test_a_waiting_operation_that_is_cancelled_lets_the_next_one_run(passed_on: bool) -> None:
    async def main() -> None:
        chain, log = make_chain()
        gate = asyncio.Event()

        async def first() -> None:
            await gate.wait()
            if passed_on:
                # Its turn will have come by then, but it will not have run yet.
                asyncio.get_running_loop().call_soon(tasks[1].cancel)

        async def note(name: str) -> None:
            log.append(name)

        tasks = [
            asyncio.create_task(chain.run(first)),
            asyncio.create_task(chain.run(lambda: note("cancelled"))),
            asyncio.create_task(chain.run(lambda: note("last"))),
        ]
        await asyncio.sleep(0)
        if not passed_on:
            tasks[1].cancel()
        gate.set()
        await asyncio.wait(tasks)
        assert log == ["last", "empty"]
        assert chain.empty

    asyncio.run(main())
