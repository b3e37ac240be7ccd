"""Two drivers on loopback: connecting, data, restarts, failures."""



from .support import assert_nothing_left, connect, pair, run


def test_two_drivers_connect_and_exchange_data() -> None:
    async def story() -> None:
        one, other = pair()
        await connect(one, other)
        assert one.driver.send("0", 1, b"\x80ping")
        assert await other.received() == [b"\x80ping"]
        assert other.driver.send("0", 1, b"\x80pong")
        assert await one.received() == [b"\x80pong"]
        await one.close()
        await other.close()
        await assert_nothing_left()

    run(story())
