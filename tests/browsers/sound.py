"""A sound device that plays to nobody: Firefox has no WebAudio without one."""

import asyncio

from .process import BOUND, Process, find_program


class Sound:
    """A private pulseaudio with a null sink; `environment` leads programs to it."""

    def __init__(self, process: Process) -> None:
        self._process = process
        socket = process.folder / "socket"
        self.environment = {"PULSE_SERVER": f"unix:{socket}"}
        self._modules = (
            "module-null-sink",
            f"module-native-protocol-unix auth-anonymous=1 socket={socket}",
        )

    @classmethod
    async def start(cls) -> "Sound | None":
        """Start it, where pulseaudio is installed."""
        program = find_program("pulseaudio")
        if program is None:
            return None
        sound = cls(Process("sound"))
        try:
            await sound._start(program)
        except BaseException:
            sound.close()
            raise
        return sound

    async def _start(self, program: str) -> None:
        folder = str(self._process.folder)
        options = ["-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1"]
        modules = [f"--load={module}" for module in self._modules]
        self._process.start(
            [program, *options, *modules],
            {"HOME": folder, "XDG_RUNTIME_DIR": folder, "PULSE_RUNTIME_PATH": folder},
        )
        async with asyncio.timeout(BOUND):
            while not (self._process.folder / "socket").exists():  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    def close(self) -> None:
        """End it."""
        self._process.close()
