"""Programs that speak lines of JSON."""

import asyncio

from tools.natlab.peers import Line, ProgramPeer


def test_what_else_a_program_writes_is_passed_over() -> None:
    async def read() -> tuple[list[Line], bool]:
        heard: list[Line] = []
        peer = ProgramPeer("chatty", [])
        output = asyncio.StreamReader()
        output.feed_data(b'warning\n7\nnull\n["ready"]\n{"ready": true}\n{"state": "new"}\n')
        output.feed_eof()
        await peer._read(output, heard.append)
        return heard, peer._ready.is_set()

    assert asyncio.run(read()) == ([{"state": "new"}], True)
