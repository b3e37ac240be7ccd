"""libx264, called itself, to encode H.264.

FFmpeg's wrapper of it changes the rate, but not the buffer that the rate is kept with: seconds pass
until a lower rate is kept, and no higher one is reached than it was opened with. The library is the
one that PyAV brings along, or the system's; where neither is found, or its structures are not those
below, `load` gives None.
"""

import ctypes
from collections.abc import Mapping
from functools import cache

from .bundled import libraries

BUILDS = range(155, 200)
"""Versions of the interface, one of which the name of a function carries."""

_I420 = 2
_KEY = 1
_AUTO = 0
_PLANES = 3
_PARAMETERS_SIZE = 1 << 14
_WIDTH, _HEIGHT, _COLOURS, _DEPTH, _LEVEL = 7, 8, 9, 10, 11


class X264Error(RuntimeError):
    """libx264 refused."""


class _Image(ctypes.Structure):
    _fields_ = (
        ("colours", ctypes.c_int),
        ("count", ctypes.c_int),
        ("strides", ctypes.c_int * 4),
        ("planes", ctypes.c_void_p * 4),
    )


class _Picture(ctypes.Structure):
    """x264_picture_t, as far as it is used."""

    _fields_ = (
        ("kind", ctypes.c_int),
        ("quantizer", ctypes.c_int),
        ("structure", ctypes.c_int),
        ("is_key", ctypes.c_int),
        ("time", ctypes.c_int64),
        ("decode_time", ctypes.c_int64),
        ("parameters", ctypes.c_void_p),
        ("image", _Image),
        ("rest", ctypes.c_char * 1024),
    )


class _Unit(ctypes.Structure):
    """x264_nal_t; the units of a picture lie one behind the other."""

    _fields_ = (
        ("importance", ctypes.c_int),
        ("kind", ctypes.c_int),
        ("long_start_code", ctypes.c_int),
        ("first_block", ctypes.c_int),
        ("last_block", ctypes.c_int),
        ("size", ctypes.c_int),
        ("data", ctypes.c_void_p),
        ("padding", ctypes.c_int),
    )


@cache
def load() -> ctypes.CDLL | None:
    """Return the library, None when there is none that will do."""
    for library in libraries("x264"):
        try:
            _declare(library)
            if _is_as_known(library):
                return library
        except AttributeError:
            continue
    return None


def _declare(library: ctypes.CDLL) -> None:
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    library.x264_param_default_preset.argtypes = [pointer, text, text]
    library.x264_param_parse.argtypes = [pointer, text, text]
    library.x264_param_apply_profile.argtypes = [pointer, text]
    library.x264_picture_init.argtypes = [pointer]
    library.x264_picture_alloc.argtypes = [pointer, number, number, number]
    library.x264_picture_clean.argtypes = [pointer]
    library.x264_encoder_reconfig.argtypes = [pointer, pointer]
    library.x264_encoder_encode.argtypes = 5 * [pointer]
    library.x264_encoder_close.argtypes = [pointer]


def _is_as_known(library: ctypes.CDLL) -> bool:
    """Tell whether structures are laid out as above: by what the library writes into them."""
    numbers = _numbers(_default_parameters(library, "superfast"))
    told = [numbers[at] for at in (_WIDTH, _HEIGHT, _COLOURS, _DEPTH, _LEVEL)]
    picture = _Picture()
    if library.x264_picture_alloc(ctypes.byref(picture), _I420, 64, 32):
        return False
    image = picture.image
    filled = (image.colours, image.count, image.strides[0] >= 64, bool(image.planes[2]))
    library.x264_picture_clean(ctypes.byref(picture))
    return (told, filled) == ([0, 0, _I420, 8, -1], (_I420, _PLANES, True, True))


def _default_parameters(library: ctypes.CDLL, preset: str) -> "ctypes.Array[ctypes.c_char]":
    parameters = ctypes.create_string_buffer(_PARAMETERS_SIZE)
    if library.x264_param_default_preset(parameters, preset.encode(), b"zerolatency"):
        raise X264Error("an unknown preset")
    return parameters


def _numbers(parameters: "ctypes.Array[ctypes.c_char]") -> "ctypes.Array[ctypes.c_int]":
    return ctypes.cast(parameters, ctypes.POINTER(ctypes.c_int * (_LEVEL + 1))).contents


class X264Encoder:
    """Encodes pictures of one size, of three planes with 4:2:0 samples of 8 bits.

    `settings` are those of its command line, by their names. Not to be used by two threads at a
    time.
    """

    def __init__(
        self, width: int, height: int, profile: str, preset: str, settings: Mapping[str, str]
    ) -> None:
        library = load()
        if library is None:
            raise X264Error("there is no libx264")
        self._lib = library
        self._state = None
        self._parameters = _default_parameters(library, preset)
        numbers = _numbers(self._parameters)
        numbers[_WIDTH], numbers[_HEIGHT] = width, height
        self._parse(settings)
        if library.x264_param_apply_profile(self._parameters, profile.encode()):
            raise X264Error(f"{profile} is no profile for these settings")
        self._state = self._open()
        self._given, self._made = _Picture(), _Picture()
        library.x264_picture_init(ctypes.byref(self._given))
        self._given.image.colours, self._given.image.count = _I420, _PLANES

    def __del__(self) -> None:
        if getattr(self, "_state", None):
            self._lib.x264_encoder_close(self._state)

    def _parse(self, settings: Mapping[str, str]) -> None:
        for name, value in settings.items():
            if self._lib.x264_param_parse(self._parameters, name.encode(), value.encode()):
                raise X264Error(f"{name} cannot be {value}")

    def _open(self) -> int:
        for build in BUILDS:
            opens = getattr(self._lib, f"x264_encoder_open_{build}", None)
            if opens is not None:
                opens.restype, opens.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
                state: int | None = opens(self._parameters)
                if state is not None:
                    return state
        raise X264Error("the encoder cannot be opened with these settings")

    def change(self, settings: Mapping[str, str]) -> None:
        """Change settings of those that can be while it runs, from the next picture on."""
        self._parse(settings)
        if self._lib.x264_encoder_reconfig(self._state, self._parameters) < 0:
            raise X264Error("settings that cannot be changed now")

    @property
    def quantizer(self) -> int:
        """That of the latest picture, 0 to 51 with 4:2:0 samples of 8 bits."""
        quantizer: int = self._made.quantizer - 1
        return min(51, max(0, quantizer))

    def encode(self, planes: list[tuple[int, int]], *, key: bool) -> tuple[bytes, bool] | None:
        """Encode a picture; None when nothing comes of it.

        A plane is its address and the bytes of a line. Returns the units with start codes, and
        whether they make a key frame.
        """
        given = self._given
        for index, (address, stride) in enumerate(planes):
            given.image.planes[index], given.image.strides[index] = address, stride
        given.kind = _KEY if key else _AUTO
        units, count = ctypes.POINTER(_Unit)(), ctypes.c_int()
        size = self._lib.x264_encoder_encode(
            self._state,
            ctypes.byref(units),
            ctypes.byref(count),
            ctypes.byref(given),
            ctypes.byref(self._made),
        )
        given.time += 1
        if size < 0:
            raise X264Error("a picture that cannot be encoded")
        return (ctypes.string_at(units[0].data, size), bool(self._made.is_key)) if size else None
