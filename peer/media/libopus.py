"""libopus, called itself.

FFmpeg's wrapper of it conceals nothing and knows no in-band FEC, and sets none of the encoder's
switches while it runs. The library is the one that PyAV brings along, so that nothing else has to
be installed, or the system's; where neither is found, `load` gives None and Opus goes through
FFmpeg as far as that reaches.
"""

import ctypes
from functools import cache

from .bundled import libraries

MIN_VERSION = (1, 2)
"""What the calls below have been the same since."""
MAX_PACKET = 1275 * 3 + 7
"""Bytes of the longest packet: 120 ms (RFC 6716 §3.2.5)."""
MAX_SAMPLES = 5760
"""Samples of a channel in 120 ms at 48 kHz, the longest packet."""

VOIP, AUDIO = 2048, 2049
_SET_BITRATE = 4002
_SET_MAX_BANDWIDTH = 4004
_SET_VBR = 4006
_SET_COMPLEXITY = 4010
_SET_INBAND_FEC = 4012
_SET_PACKET_LOSS = 4014
_SET_DTX = 4016
_BANDWIDTHS = {8000: 1101, 12000: 1102, 16000: 1103, 24000: 1104, 48000: 1105}


class OpusError(RuntimeError):
    """libopus refused; the text is its own."""


def _version(library: ctypes.CDLL) -> tuple[int, ...]:
    library.opus_get_version_string.restype = ctypes.c_char_p
    text: bytes = library.opus_get_version_string()
    numbers = text.decode("ascii", "replace").removeprefix("libopus ").split("-")[0].split(".")
    return tuple(int(number) for number in numbers if number.isdecimal())


@cache
def load() -> ctypes.CDLL | None:
    """Return the library, None when there is none that will do."""
    for library in libraries("opus"):
        try:
            if _version(library) < MIN_VERSION:
                continue
        except AttributeError:
            continue
        _declare(library)
        return library
    return None


def _declare(library: ctypes.CDLL) -> None:
    pointer, number = ctypes.c_void_p, ctypes.c_int
    library.opus_strerror.restype = ctypes.c_char_p
    library.opus_strerror.argtypes = [number]
    library.opus_encoder_create.restype = pointer
    library.opus_encoder_create.argtypes = [ctypes.c_int32, number, number, pointer]
    library.opus_encoder_destroy.argtypes = [pointer]
    library.opus_encoder_ctl.argtypes = [pointer, number]
    library.opus_encode.argtypes = [pointer, ctypes.c_char_p, number, pointer, ctypes.c_int32]
    library.opus_decoder_create.restype = pointer
    library.opus_decoder_create.argtypes = [ctypes.c_int32, number, pointer]
    library.opus_decoder_destroy.argtypes = [pointer]
    library.opus_decode.argtypes = [
        pointer,
        ctypes.c_char_p,
        ctypes.c_int32,
        pointer,
        number,
        number,
    ]


def _library() -> ctypes.CDLL:
    library = load()
    if library is None:
        raise OpusError("there is no libopus")
    return library


def _refusal(library: ctypes.CDLL, result: int) -> OpusError:
    return OpusError(library.opus_strerror(result).decode("ascii", "replace"))


def _check(library: ctypes.CDLL, result: int) -> None:
    if result < 0:
        raise _refusal(library, result)


class OpusEncoder:
    """Encodes sound of 16 bits at 48 kHz; `channels` is 1 or 2, interleaved.

    Not to be used by two threads at a time. The setters take effect with the next packet.
    """

    def __init__(self, channels: int, *, application: int = VOIP) -> None:
        self._lib = _library()
        self.channels = channels
        error = ctypes.c_int()
        self._state = self._lib.opus_encoder_create(
            48000, channels, application, ctypes.byref(error)
        )
        _check(self._lib, error.value)
        self._packet = ctypes.create_string_buffer(MAX_PACKET)
        self._made = memoryview(self._packet).cast("B")

    def __del__(self) -> None:
        if getattr(self, "_state", None):
            self._lib.opus_encoder_destroy(self._state)

    def encode(self, pcm: bytes, samples: int) -> bytes:
        """Encode a packet of 120 to 5760 samples a channel (RFC 6716 §2.1.4).

        A packet of two bytes or less need not be sent (DTX). OpusError for other lengths.
        """
        if len(pcm) != 2 * self.channels * samples:
            raise OpusError(f"{len(pcm)} bytes are not {samples} samples")
        size = self._lib.opus_encode(self._state, pcm, samples, self._packet, MAX_PACKET)
        if size < 0:
            raise _refusal(self._lib, size)
        return self._made[:size].tobytes()

    def set_bitrate(self, bitrate: int) -> None:
        """Aim at so many bits per second, 6000 to 510000."""
        self._set(_SET_BITRATE, max(6000, min(510_000, bitrate)))

    def set_complexity(self, complexity: int) -> None:
        """Take this much trouble, 0 to 10."""
        self._set(_SET_COMPLEXITY, complexity)

    def set_variable(self, variable: bool) -> None:
        """Let the rate follow the sound."""
        self._set(_SET_VBR, int(variable))

    def set_dtx(self, on: bool) -> None:
        """Say next to nothing in silence."""
        self._set(_SET_DTX, int(on))

    def set_fec(self, on: bool, loss_percent: int) -> None:
        """Carry a coarse copy of the packet before, as far as this much loss makes it worth it."""
        self._set(_SET_INBAND_FEC, int(on))
        self._set(_SET_PACKET_LOSS, max(0, min(100, loss_percent)))

    def set_max_playback_rate(self, rate: int) -> None:
        """Encode no more than who plays at this rate can hear (RFC 7587 §6.1)."""
        fitting = [bandwidth for known, bandwidth in _BANDWIDTHS.items() if known <= rate]
        self._set(_SET_MAX_BANDWIDTH, max(fitting, default=min(_BANDWIDTHS.values())))

    def _set(self, request: int, value: int) -> None:
        _check(self._lib, self._lib.opus_encoder_ctl(self._state, request, ctypes.c_int32(value)))


class OpusDecoder:
    """Decodes to sound of 16 bits at 48 kHz with so many channels, interleaved.

    One for each stream: it remembers what came before. Not to be used by two threads at a time.
    """

    def __init__(self, channels: int) -> None:
        self._lib = _library()
        self.channels = channels
        error = ctypes.c_int()
        self._state = self._lib.opus_decoder_create(48000, channels, ctypes.byref(error))
        _check(self._lib, error.value)
        self._pcm = ctypes.create_string_buffer(2 * channels * MAX_SAMPLES)
        self._made = memoryview(self._pcm).cast("B")

    def __del__(self) -> None:
        if getattr(self, "_state", None):
            self._lib.opus_decoder_destroy(self._state)

    def decode(self, payload: bytes) -> bytes:
        """Decode a packet; OpusError when it is none."""
        return self._decode(payload, MAX_SAMPLES, 0)

    def decode_fec(self, payload: bytes, samples: int) -> bytes:
        """Decode what a packet says of the one before it, which is missing.

        Conceals, where the packet says nothing of it. `samples` is the length of the gap, a
        multiple of 120.
        """
        return self._decode(payload, samples, 1)

    def conceal(self, samples: int) -> bytes:
        """Go on as it sounded, fading; `samples` is a multiple of 120, 5760 at most."""
        return self._decode(None, samples, 0)

    def _decode(self, payload: bytes | None, samples: int, fec: int) -> bytes:
        decoded = self._lib.opus_decode(
            self._state, payload, len(payload or b""), self._pcm, samples, fec
        )
        if decoded < 0:
            raise _refusal(self._lib, decoded)
        return self._made[: 2 * self.channels * decoded].tobytes()
