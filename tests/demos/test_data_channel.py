"""The smallest program: a message and its answer."""

import asyncio

import pytest

from demos.data_channel import main


def test_the_message_is_answered(capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(main())
    assert capsys.readouterr().out == "Hello, Bob? Hello, Alice\n"
