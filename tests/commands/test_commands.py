"""An operator and what moves, on lines that lose, delay, queue and break; in virtual time."""

import asyncio
import json
from typing import Any

import pytest

from peer import RTCDataChannel, RTCPeerConnection
from peer.commands import CommandReceiver, CommandSender, open_commands
from peer.commands.receiver import LIMIT, WINDOW
from peer.commands.sender import INTERVAL
from peer.testing import IDEAL, Conditions, Host, Network, connect, run

DELAY = 0.08
UNDERWAY = DELAY + 0.02
"""Seconds that a message takes, on the operator's line and the robot's."""
JITTER = 0.03
BAD = Conditions(delay=DELAY, loss=0.1, jitter=JITTER)
EPSILON = 1e-6


class Robot:
    """What moves: it notes what it does, and when."""

    def __init__(self) -> None:
        self.did: list[tuple[float, Any]] = []
        self.receiver: CommandReceiver | None = None

    def take(self, channel: RTCDataChannel) -> None:
        self.receiver = CommandReceiver(channel, self.note, lambda: self.note("stop"))

    def note(self, command: Any) -> None:
        self.did.append((asyncio.get_running_loop().time(), command))


async def drive(line: Conditions) -> tuple[Host, Robot, CommandSender, RTCPeerConnection]:
    """Connect an operator, whose line is told, with a robot."""
    net = Network()
    operator = net.host("operator", link=line)
    ours, theirs, robot = operator.connection(), net.host("robot").connection(), Robot()
    theirs.on("datachannel", robot.take)
    channel = open_commands(ours)
    opened = asyncio.Event()
    channel.on("open", opened.set)
    await connect(ours, theirs)
    await opened.wait()
    await asyncio.sleep(1)
    return operator, robot, CommandSender(channel), ours


def test_commands_arrive_soon_on_a_bad_line() -> None:
    async def steer() -> list[float]:
        _, robot, sender, _ = await drive(BAD)
        loop, wanted = asyncio.get_running_loop(), []
        for number in range(200):
            wanted.append(loop.time())
            sender.set({"speed": number})
            await asyncio.sleep(0.3)
        sender.release()
        await asyncio.sleep(1)
        first: dict[int, float] = {}
        for when, command in robot.did:
            if command != "stop":
                first.setdefault(command["speed"], when)
        return sorted(first[number] - wanted[number] for number in range(200))

    latencies = run(steer(), seed=1)
    # What the line takes; a repetition later if one is lost, and few more where several are.
    soon = UNDERWAY + JITTER + EPSILON
    assert latencies[100] < soon
    assert latencies[180] < soon + INTERVAL
    assert latencies[-1] < soon + 3 * INTERVAL


def test_what_is_obeyed_only_ever_gets_newer() -> None:
    async def steer() -> tuple[list[int], int]:
        _, robot, sender, _ = await drive(
            Conditions(delay=DELAY, reordering=0.3, reordering_delay=0.05)
        )
        for number in range(400):
            sender.set(number)
            await asyncio.sleep(0.01)
        await asyncio.sleep(1)
        assert robot.receiver is not None
        commands = [command for _, command in robot.did if command != "stop"]
        return commands, robot.receiver.dropped["overtaken"]

    commands, overtaken = run(steer(), seed=1)
    assert commands == sorted(commands)
    assert overtaken > 10


def test_it_stops_in_time_when_the_line_breaks_and_does_nothing_old_afterwards() -> None:
    async def cut() -> tuple[float, list[tuple[float, Any]], float]:
        operator, robot, sender, _ = await drive(Conditions(delay=DELAY))
        loop = asyncio.get_running_loop()
        sender.set("forward")
        await asyncio.sleep(1)
        operator.line.cut()
        broken = loop.time()
        await asyncio.sleep(1)
        sender.set("back")
        await asyncio.sleep(2)
        did = list(robot.did)
        operator.line.restore()
        restored = loop.time()
        await asyncio.sleep(3)
        assert {command for _, command in robot.did[len(did) :]} == {"back"}
        return broken, did, robot.did[len(did)][0] - restored

    broken, did, back = run(cut(), seed=1)
    when, last = did[-1]
    assert last == "stop"
    assert [command for _, command in did].count("stop") == 1
    assert when <= broken + UNDERWAY + LIMIT + EPSILON
    assert back < 2.0


async def squeeze(rate: float) -> dict[int, float]:
    """Give when each of 40 commands was obeyed first, on a line with a queue of a second."""
    operator, robot, sender, _ = await drive(IDEAL)
    loop, wanted = asyncio.get_running_loop(), {}
    operator.line.change(rate=rate, queue=1.0)
    for number in range(40):
        wanted[number] = loop.time()
        sender.set(number)
        await asyncio.sleep(0.5)
    first: dict[int, float] = {}
    for when, command in robot.did:
        if command != "stop":
            first.setdefault(command, when - wanted[command])
    return first


def test_a_narrow_line_carries_them() -> None:
    latencies = run(squeeze(30_000), seed=1)
    assert len(latencies) == 40
    assert max(latencies.values()) < 0.2


def test_on_a_line_that_is_too_narrow_nothing_old_is_done() -> None:
    latencies = run(squeeze(20_000), seed=1)
    assert 0 < len(latencies) < 40
    assert max(latencies.values()) < 2 * LIMIT


def test_releasing_stops_at_once() -> None:
    async def release() -> tuple[float, tuple[float, Any]]:
        _, robot, sender, _ = await drive(Conditions(delay=DELAY))
        sender.set("forward")
        await asyncio.sleep(1)
        released = asyncio.get_running_loop().time()
        sender.release()
        await asyncio.sleep(2)
        return released, robot.did[-1]

    released, (when, command) = run(release(), seed=1)
    assert command == "stop"
    assert when == pytest.approx(released + UNDERWAY, abs=0.01)


def test_it_stops_when_the_operator_hangs_up() -> None:
    async def hang_up() -> list[Any]:
        _, robot, sender, pc = await drive(IDEAL)
        sender.set("forward")
        await asyncio.sleep(0.1)
        await pc.close()
        await asyncio.sleep(5)
        sender.set("ghost")
        sender.release()
        return [command for _, command in robot.did]

    did = run(hang_up(), seed=1)
    assert did[-1] == "stop"
    assert did.count("stop") == 1


class Channel:
    """A channel without a network."""

    def __init__(self) -> None:
        self.handlers: dict[str, Any] = {}

    def on(self, name: str, handler: Any) -> None:
        self.handlers[name] = handler

    def say(self, number: Any, at: Any, command: Any) -> None:
        text = json.dumps({"number": number, "at": at, "command": command})
        self.handlers["message"](text)


def test_what_makes_no_sense_moves_nothing() -> None:
    async def say() -> dict[str, int]:
        channel, robot = Channel(), Robot()
        robot.take(channel)  # type: ignore[arg-type]
        texts = ("", "[]", "7", b"\xff", "[" * 100_000, "{}", '{"number": 1}')
        for text in (*texts, '{"number": 1, "at": NaN}', '{"number": 1, "at": 1e999}'):
            channel.handlers["message"](text)
        channel.say(1, 10**400, "forward")
        channel.say("1", 0, "forward")
        assert robot.did == []
        assert robot.receiver is not None
        assert not robot.receiver.is_moving
        return robot.receiver.dropped

    assert run(say(), seed=1) == {"malformed": 11}


def test_what_was_held_up_is_not_obeyed_until_that_is_how_the_path_is() -> None:
    async def hold_up() -> list[Any]:
        channel, robot = Channel(), Robot()
        robot.take(channel)  # type: ignore[arg-type]
        loop, number = asyncio.get_running_loop(), 0
        for late, seconds in ((0.0, 1.0), (2 * LIMIT, 2.2 * WINDOW)):
            for _ in range(round(seconds * 10)):
                number += 1
                channel.say(number, (loop.time() - late) * 1000, late)
                await asyncio.sleep(0.1)
        return [command for _, command in robot.did]

    did = run(hold_up(), seed=1)
    assert did[:10] == [0.0] * 10
    # Then it stands, for a window or two; and then that is what messages take.
    assert did[10] == "stop"
    assert set(did[11:]) == {2 * LIMIT}


def test_it_stops_when_obeying_fails() -> None:
    async def fail() -> list[str]:
        channel, stopped = Channel(), []

        def obey(command: Any) -> None:
            raise ZeroDivisionError

        CommandReceiver(channel, obey, lambda: stopped.append("stop"))  # type: ignore[arg-type]
        with pytest.raises(ZeroDivisionError):
            channel.say(1, 0, "forward")
        await asyncio.sleep(LIMIT)
        return stopped

    assert run(fail(), seed=1) == ["stop"]


def test_a_channel_that_holds_commands_up_is_refused() -> None:
    async def refuse() -> None:
        pc = Network().host("operator").connection()
        with pytest.raises(ValueError, match="unordered"):
            CommandSender(pc.createDataChannel("commands"))
        sender = CommandSender(open_commands(pc))
        with pytest.raises(TypeError):
            sender.set(None)
        with pytest.raises(TypeError):
            sender.set(object())
        sender.close()
        await pc.close()

    run(refuse(), seed=1)
