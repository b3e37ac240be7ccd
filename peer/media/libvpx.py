"""libvpx, called itself, to encode VP8 and VP9.

FFmpeg's wrapper of it keeps the rate it was opened with. The library is the one that PyAV brings
along, or the system's; where neither is found, or its structures are not those below, `load` gives
None.
"""

import ctypes
from functools import cache
from typing import NamedTuple

from .bundled import libraries

ABIS = range(25, 50)
"""Numbers that tell versions apart, and that only the library itself knows: it accepts one."""
TIME_BASE = 90_000
"""Ticks of a second."""

_I420 = 0x102
_REALTIME = 1
_FRAME_PACKET = 0
_KEY_FLAG = 1
_ABI_MISMATCH = 3
_CONSTANT_RATE = 1

SET_SPEED = 13
SET_STATIC_THRESHOLD = 17
SET_MAX_INTRA_RATE = 26
"""Settings of both codecs."""
SET_LAYER = 30
"""The temporal layer of the next picture of VP8."""
NO_USE_OF_GOLDEN, NO_USE_OF_OTHER = 1 << 17, 1 << 21
NOT_LAST, NOT_GOLDEN, NOT_OTHER, NO_ENTROPY = 1 << 18, 1 << 22, 1 << 23, 1 << 20
"""Of which kept pictures one of VP8 makes no use, and whose place it does not take."""
SET_TILE_COLUMNS = 33
SET_ADAPTIVE_QUANTIZER = 36
SET_ROW_THREADS = 55
"""Settings of VP9."""
_GET_QUANTIZER = 19


class VpxError(RuntimeError):
    """libvpx refused; the text is its own."""


class _Buffer(ctypes.Structure):
    _fields_ = (("data", ctypes.c_void_p), ("size", ctypes.c_size_t))


class _Config(ctypes.Structure):
    """The beginning of vpx_codec_enc_cfg; what follows is left as the library fills it in."""

    _fields_ = (
        ("usage", ctypes.c_uint),
        ("threads", ctypes.c_uint),
        ("profile", ctypes.c_uint),
        ("width", ctypes.c_uint),
        ("height", ctypes.c_uint),
        ("bit_depth", ctypes.c_uint),
        ("input_bit_depth", ctypes.c_uint),
        ("time_base_numerator", ctypes.c_int),
        ("time_base_denominator", ctypes.c_int),
        ("error_resilient", ctypes.c_uint),
        ("passes", ctypes.c_uint),
        ("lag_in_frames", ctypes.c_uint),
        ("drop_threshold", ctypes.c_uint),
        ("resize_allowed", ctypes.c_uint),
        ("scaled_width", ctypes.c_uint),
        ("scaled_height", ctypes.c_uint),
        ("resize_up_threshold", ctypes.c_uint),
        ("resize_down_threshold", ctypes.c_uint),
        ("rate_control", ctypes.c_uint),
        ("two_pass_statistics", _Buffer),
        ("first_pass_statistics", _Buffer),
        ("kilobits", ctypes.c_uint),
        ("min_quantizer", ctypes.c_uint),
        ("max_quantizer", ctypes.c_uint),
        ("undershoot", ctypes.c_uint),
        ("overshoot", ctypes.c_uint),
        ("buffer_size", ctypes.c_uint),
        ("buffer_initial_size", ctypes.c_uint),
        ("buffer_optimal_size", ctypes.c_uint),
        ("two_pass_bias", ctypes.c_uint),
        ("two_pass_minimum", ctypes.c_uint),
        ("two_pass_maximum", ctypes.c_uint),
        ("two_pass_complexity", ctypes.c_uint),
        ("key_mode", ctypes.c_uint),
        ("key_min_distance", ctypes.c_uint),
        ("key_max_distance", ctypes.c_uint),
        ("spatial_layers", ctypes.c_uint),
        ("spatial_references", ctypes.c_int * 5),
        ("spatial_bitrates", ctypes.c_uint * 5),
        ("temporal_layers", ctypes.c_uint),
        ("temporal_kilobits", ctypes.c_uint * 5),
        ("temporal_decimators", ctypes.c_uint * 5),
        ("temporal_period", ctypes.c_uint),
        ("temporal_pattern", ctypes.c_uint * 16),
        ("rest", ctypes.c_char * 4096),
    )


class _Image(ctypes.Structure):
    """The beginning of vpx_image."""

    _fields_ = (
        ("numbers", ctypes.c_uint * 12),
        ("planes", ctypes.c_void_p * 4),
        ("strides", ctypes.c_int * 4),
    )


class _Packet(ctypes.Structure):
    """The beginning of vpx_codec_cx_pkt."""

    _fields_ = (
        ("kind", ctypes.c_int),
        ("data", ctypes.c_void_p),
        ("size", ctypes.c_size_t),
        ("time", ctypes.c_int64),
        ("duration", ctypes.c_ulong),
        ("flags", ctypes.c_uint32),
    )


class LayerPlan(NamedTuple):
    """A temporal layer, with all below it: its part of the rate, and one of so many pictures."""

    part: float
    decimator: int


class VpxSettings(NamedTuple):
    """What to encode: `codec` is "vp8" or "vp9", `bitrate` in bits per second.

    With `layers` the encoder plans for temporal layers of VP8, whose pictures take turns by
    `pattern`; the lowest is 0.
    """

    codec: str
    width: int
    height: int
    bitrate: int
    threads: int = 1
    layers: tuple[LayerPlan, ...] = ()
    pattern: tuple[int, ...] = ()


@cache
def load() -> ctypes.CDLL | None:
    """Return the library, None when there is none that will do."""
    for library in libraries("vpx"):
        try:
            _declare(library)
            if all(_is_as_known(library, codec) for codec in ("vp8", "vp9")):
                return library
        except AttributeError:
            continue
    return None


def _is_as_known(library: ctypes.CDLL, codec: str) -> bool:
    """Tell whether structures are laid out as above: by what the library writes into them."""
    config = _Config()
    interface = getattr(library, f"vpx_codec_{codec}_cx")()
    if library.vpx_codec_enc_config_default(interface, ctypes.byref(config), 0):
        return False
    base = (config.time_base_numerator, config.time_base_denominator)
    told = (config.width, config.height, config.kilobits, config.key_max_distance)
    layers = (config.spatial_layers, config.temporal_layers)
    return (base, told, layers) == ((1, 30), (320, 240, 256, 128), (1, 1))


def _declare(library: ctypes.CDLL) -> None:
    pointer, number = ctypes.c_void_p, ctypes.c_int
    for name in ("vpx_codec_vp8_cx", "vpx_codec_vp9_cx"):
        getattr(library, name).restype = pointer
    library.vpx_codec_err_to_string.restype = ctypes.c_char_p
    library.vpx_codec_enc_config_default.argtypes = [pointer, pointer, ctypes.c_uint]
    library.vpx_codec_enc_init_ver.argtypes = [pointer, pointer, pointer, ctypes.c_long, number]
    library.vpx_codec_enc_config_set.argtypes = [pointer, pointer]
    library.vpx_codec_control_.argtypes = [pointer, number]
    library.vpx_codec_destroy.argtypes = [pointer]
    library.vpx_codec_encode.argtypes = [
        pointer,
        pointer,
        ctypes.c_int64,
        ctypes.c_ulong,
        ctypes.c_long,
        ctypes.c_ulong,
    ]
    library.vpx_codec_get_cx_data.restype = ctypes.POINTER(_Packet)
    library.vpx_codec_get_cx_data.argtypes = [pointer, pointer]
    library.vpx_img_wrap.restype = ctypes.POINTER(_Image)
    library.vpx_img_wrap.argtypes = [
        pointer,
        number,
        ctypes.c_uint,
        ctypes.c_uint,
        ctypes.c_uint,
        pointer,
    ]
    library.vpx_img_free.argtypes = [pointer]


class VpxEncoder:
    """Encodes pictures of one size, of three planes with 4:2:0 samples of 8 bits.

    It may leave out pictures to keep to its rate, which `set_bitrate` changes from the next one on
    without a key frame. Not to be used by two threads at a time.
    """

    def __init__(self, settings: VpxSettings) -> None:
        library = load()
        if library is None:
            raise VpxError("there is no libvpx")
        self._lib = library
        self._image = library.vpx_img_wrap(
            None, _I420, settings.width, settings.height, 1, ctypes.create_string_buffer(1)
        )
        self._context: ctypes.Array[ctypes.c_char] | None = None
        if not self._image:
            raise VpxError("no image of that size")
        self._layers = settings.layers
        self._config = self._configure(settings)
        self._context = self._open(settings.codec)
        self._time = 0

    def __del__(self) -> None:
        if getattr(self, "_context", None) is not None:
            self._lib.vpx_codec_destroy(self._context)
        if getattr(self, "_image", None):
            self._lib.vpx_img_free(self._image)

    def _configure(self, settings: VpxSettings) -> _Config:
        config = _Config()
        interface = getattr(self._lib, f"vpx_codec_{settings.codec}_cx")()
        self._check(self._lib.vpx_codec_enc_config_default(interface, ctypes.byref(config), 0))
        config.width, config.height = settings.width, settings.height
        config.time_base_numerator, config.time_base_denominator = 1, TIME_BASE
        config.threads = settings.threads
        config.lag_in_frames = 0
        config.rate_control = _CONSTANT_RATE
        config.kilobits = max(1, settings.bitrate // 1000)
        # As libwebrtc has them; the buffer is in milliseconds.
        config.drop_threshold = 30
        config.min_quantizer, config.max_quantizer = 2, 56
        config.undershoot, config.overshoot = (100, 15) if settings.codec == "vp8" else (50, 50)
        config.buffer_size = 1000
        config.buffer_initial_size, config.buffer_optimal_size = 500, 600
        config.key_max_distance = 1 << 30
        if settings.layers:
            config.temporal_layers = len(settings.layers)
            config.temporal_period = len(settings.pattern)
            for place, layer in enumerate(settings.pattern):
                config.temporal_pattern[place] = layer
            for place, plan in enumerate(settings.layers):
                config.temporal_decimators[place] = plan.decimator
        self._share_out(config)
        return config

    def _share_out(self, config: _Config) -> None:
        for place, plan in enumerate(self._layers):
            config.temporal_kilobits[place] = max(1, int(plan.part * config.kilobits))

    def _open(self, codec: str) -> "ctypes.Array[ctypes.c_char]":
        interface = getattr(self._lib, f"vpx_codec_{codec}_cx")()
        context = ctypes.create_string_buffer(512)
        result = _ABI_MISMATCH
        for abi in ABIS:
            result = self._lib.vpx_codec_enc_init_ver(
                context, interface, ctypes.byref(self._config), 0, abi
            )
            if result != _ABI_MISMATCH:
                break
        self._check(result)
        return context

    def control(self, setting: int, value: int) -> None:
        """Change a setting; VpxError when the codec has none of that number."""
        self._check(self._lib.vpx_codec_control_(self._context, setting, ctypes.c_int(value)))

    def set_bitrate(self, bitrate: int) -> None:
        """Aim at so many bits per second from the next picture on."""
        self._config.kilobits = max(1, bitrate // 1000)
        self._share_out(self._config)
        self._check(self._lib.vpx_codec_enc_config_set(self._context, ctypes.byref(self._config)))

    @property
    def quantizer(self) -> int:
        """That of the latest picture: 0 to 127 for VP8, 0 to 255 for VP9."""
        found = ctypes.c_int()
        self._check(
            self._lib.vpx_codec_control_(self._context, _GET_QUANTIZER, ctypes.byref(found))
        )
        return found.value

    def encode(
        self, planes: list[tuple[int, int]], duration: int, *, key: bool, flags: int = 0
    ) -> tuple[bytes, bool] | None:
        """Encode a picture that is shown for `duration` ticks; None when it is left out.

        A plane is its address and the bytes of a line. `flags` say which pictures it refers to,
        and whose place it takes. Returns the frame, and whether it is a key.
        """
        image = self._image.contents
        for index, (address, stride) in enumerate(planes):
            image.planes[index], image.strides[index] = address, stride
        self._time += duration
        self._check(
            self._lib.vpx_codec_encode(
                self._context, self._image, self._time, duration, int(key) | flags, _REALTIME
            )
        )
        return self._take()

    def _take(self) -> tuple[bytes, bool] | None:
        position = ctypes.c_void_p()
        parts = []
        is_key = False
        while packet := self._lib.vpx_codec_get_cx_data(self._context, ctypes.byref(position)):
            found = packet.contents
            if found.kind == _FRAME_PACKET:
                parts.append(ctypes.string_at(found.data, found.size))
                is_key = is_key or bool(found.flags & _KEY_FLAG)
        return (b"".join(parts), is_key) if parts else None

    def _check(self, result: int) -> None:
        if result:
            raise VpxError(self._lib.vpx_codec_err_to_string(result).decode("ascii", "replace"))
