"""From packets to frames: losses, copies, pauses, other sources and codecs, on one time line."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.media import (
    PCMU,
    AudioCodec,
    AudioDecoder,
    AudioDrop,
    AudioFormat,
    AudioPath,
    Heard,
    OpusAudioDecoder,
    OpusAudioEncoder,
    OpusSettings,
    PlainAudioEncoder,
    find_audio_codec,
    register_audio_codec,
)
from peer.rtp import RedBlock, RtpPacket, write_red
from tests.media.tones import frame_of, loudness, speech

OPUS, ULAW, REDUNDANT, NOISE, TONES = 111, 0, 63, 13, 110
FORMATS = {
    OPUS: AudioFormat("audio/opus", 48000, 2),
    ULAW: AudioFormat("audio/PCMU", 8000),
    NOISE: AudioFormat("audio/CN", 8000),
    REDUNDANT: AudioFormat("audio/red", 48000, 2),
    TONES: AudioFormat("audio/telephone-event", 48000),
}
FRAME = 960


def opus_payloads(count: int, **changes: object) -> list[bytes]:
    encoder = OpusAudioEncoder(OpusSettings(bitrate=24_000))
    encoder.set_loss(0.2)
    samples = speech(FRAME * count)
    return [
        packet.payload
        for at in range(0, len(samples), FRAME)
        for packet in encoder.encode(frame_of(samples[at : at + FRAME], pts=at))
    ]


def ulaw_payloads(count: int) -> list[bytes]:
    encoder = PlainAudioEncoder(PCMU)
    samples = speech(160 * count, 8000)
    return [
        packet.payload
        for at in range(0, len(samples), 160)
        for packet in encoder.encode(frame_of(samples[at : at + 160], rate=8000, pts=at))
    ]


def packets(
    payloads: Sequence[bytes],
    payload_type: int = OPUS,
    *,
    ssrc: int = 1,
    number: int = 65530,
    timestamp: int = 0xFFFFF000,
    ticks: int = FRAME,
) -> list[RtpPacket]:
    return [
        RtpPacket(
            payload_type=payload_type,
            sequence_number=(number + n) & 0xFFFF,
            timestamp=(timestamp + n * ticks) & 0xFFFFFFFF,
            ssrc=ssrc,
            payload=payload,
        )
        for n, payload in enumerate(payloads)
    ]


@contextmanager
def replaced_opus(decoder: Callable[[], AudioDecoder]) -> Iterator[None]:
    """Decode Opus with something else meanwhile."""
    before = find_audio_codec("audio/opus")
    assert before is not None
    register_audio_codec("audio/opus", AudioCodec(decoder, before.encoder))
    try:
        yield
    finally:
        register_audio_codec("audio/opus", before)


class Ear:
    """Hears what a path delivers, and keeps the clock."""

    def __init__(self, *, even: bool = False) -> None:
        self.heard: list[tuple[float, Heard]] = []
        self.now = 0.0
        self.path = AudioPath(lambda heard: self.heard.append((self.now, heard)), even=even)
        self.path.set_formats(FORMATS)

    def receive(self, arrivals: Iterable[tuple[float, RtpPacket]]) -> None:
        """Take packets at these times, and pull at each deadline in between."""
        for at, packet in sorted(arrivals, key=lambda arrival: arrival[0]):
            self.wait(at)
            self.path.receive(packet, at)

    def wait(self, until: float) -> None:
        while (deadline := self.path.deadline()) is not None and deadline <= until:
            self.now = deadline
            self.path.pull(deadline)
        self.now = until

    @property
    def samples(self) -> int:
        return sum(heard.frame.samples for _, heard in self.heard)

    def check_line(self) -> None:
        """Times rise, and each frame begins where the one before ends or later."""
        ends = [
            (h.frame.pts * h.frame.time_base, h.frame.samples / h.frame.sample_rate)
            for _, h in self.heard
            if h.frame.pts is not None and h.frame.time_base is not None
        ]
        assert len(ends) == len(self.heard)
        for (begin, length), (after, _) in itertools.pairwise(ends):
            assert after > begin
            assert float(after - begin) >= length - 0.0005


def on_time(
    packets: Iterable[RtpPacket], begin: float = 0.0, pace: float = 0.02
) -> list[tuple[float, RtpPacket]]:
    return [(begin + n * pace, packet) for n, packet in enumerate(packets)]


def test_on_a_clean_line_everything_is_heard_at_once() -> None:
    ear = Ear()
    ear.receive(on_time(packets(opus_payloads(50))))
    assert [at for at, _ in ear.heard] == [pytest.approx(n * 0.02) for n in range(50)]
    assert [h.frame.pts for _, h in ear.heard] == [n * FRAME for n in range(50)]
    assert {(h.frame.sample_rate, h.frame.layout.name) for _, h in ear.heard} == {(48000, "stereo")}


def test_at_an_even_pace_a_clean_line_adds_a_packet() -> None:
    ear = Ear(even=True)
    ear.receive(on_time(packets(opus_payloads(50))))
    ear.path.end(1)
    ear.wait(5.0)
    assert ear.samples == 50 * FRAME
    late = [at - n * 0.02 for n, (at, _) in enumerate(ear.heard)]
    assert max(late) <= 0.0201
    ear.check_line()


@pytest.mark.parametrize("even", [False, True])
def test_what_is_lost_is_made_up_for_and_nothing_else(even: bool) -> None:
    ear = Ear(even=even)
    sent = [p for n, p in enumerate(on_time(packets(opus_payloads(200)))) if n % 10 != 7]
    ear.receive(sent)
    ear.path.end(1)
    ear.wait(10.0)
    assert ear.samples == pytest.approx(200 * FRAME, abs=2 * FRAME)
    ear.check_line()
    counts = ear.path.statistics
    assert counts is not None
    assert counts.fec_received > 0
    assert counts.concealed <= 8 * FRAME
    assert not ear.path.drops


def test_what_pictures_ask_for_before_the_first_packet_holds() -> None:
    ear = Ear(even=True)
    ear.path.set_sync_delay(0.3)
    ear.receive(on_time(packets(opus_payloads(250))))
    at, heard = ear.heard[-1]
    assert heard.moment.arrival is not None
    assert at - heard.moment.arrival == pytest.approx(0.3, abs=0.03)


def test_the_end_of_speech_is_heard() -> None:
    """Nothing waits for a number of packets."""
    for even in (False, True):
        ear = Ear(even=even)
        ear.receive(on_time(packets(opus_payloads(3))))
        ear.wait(0.1)
        assert ear.samples >= 3 * FRAME


def test_another_source_goes_on_on_the_same_line() -> None:
    ear = Ear()
    ear.receive(on_time(packets(opus_payloads(50))))
    other = packets(opus_payloads(50), ssrc=2, number=100, timestamp=77)
    ear.receive(on_time(other, begin=1.0))
    assert ear.samples == 100 * FRAME
    assert [h.frame.pts for _, h in ear.heard] == [
        pytest.approx(n * FRAME, abs=FRAME) for n in range(100)
    ]
    ear.check_line()


def test_a_codec_may_change_and_back() -> None:
    """RFC 7160: another clock, the same line; each packet is decoded by its own codec."""
    ear = Ear()
    ear.receive(on_time(packets(opus_payloads(25))))
    last = 0xFFFFF000 + 24 * FRAME
    ulaw = packets(ulaw_payloads(25), ULAW, number=65530 + 25, timestamp=last + 160, ticks=160)
    ear.receive(on_time(ulaw, begin=0.5))
    again = packets(opus_payloads(25), number=65530 + 50, timestamp=last + 25 * 160 + 960)
    ear.receive(on_time(again, begin=1.0))
    assert [h.frame.sample_rate for _, h in ear.heard] == [48000] * 25 + [8000] * 25 + [48000] * 25
    assert len({h.frame.time_base for _, h in ear.heard}) == 1
    times = [h.frame.pts / 48000 for _, h in ear.heard if h.frame.pts is not None]
    assert times == [pytest.approx(n * 0.02, abs=0.021) for n in range(75)]
    ear.check_line()


def test_copies_of_lost_packets_are_heard() -> None:
    """RFC 2198: each packet carries the one before."""
    payloads = opus_payloads(50)
    red = [
        write_red([RedBlock(OPUS, FRAME, before)], RedBlock(OPUS, 0, payload))
        for before, payload in itertools.pairwise(payloads)
    ]
    ear = Ear()
    sent = [p for n, p in enumerate(on_time(packets(red, REDUNDANT))) if n % 5 != 3]
    ear.receive(sent)
    counts = ear.path.statistics
    assert counts is not None
    assert counts.concealed == 0
    assert ear.samples >= 48 * FRAME
    ear.check_line()


def test_a_pause_of_the_sender_is_no_loss() -> None:
    ear = Ear()
    spurt = packets(opus_payloads(10))
    after = packets(opus_payloads(10), number=65540, timestamp=0xFFFFF000 + 48000)
    ear.receive([*on_time(spurt), *on_time(after, begin=1.0)])
    counts = ear.path.statistics
    assert counts is not None
    assert counts.concealed == 0
    assert ear.heard[-1][1].frame.pts == 48000 + 9 * FRAME


def test_comfort_noise_is_taken() -> None:
    ear = Ear()
    speech_packets = packets(ulaw_payloads(10), ULAW, ticks=160)
    noise = packets([b"\x40"], NOISE, number=65540, timestamp=0xFFFFF000 + 1600)
    ear.receive([*on_time(speech_packets), *on_time(noise, begin=0.2)])
    assert not ear.path.drops
    assert ear.samples >= 10 * 160


def test_packets_that_mean_nothing_are_counted_and_the_rest_is_heard() -> None:
    ear = Ear()
    good = packets(opus_payloads(20))
    good[3].payload = b"\xff\xff\xff"
    good[5].payload_type = 99
    good[7].payload_type, good[7].payload = REDUNDANT, b"\xef"
    good[8].payload_type, good[8].payload = REDUNDANT, b"\x63abc"
    ear.receive(on_time(good))
    assert ear.path.drops[AudioDrop.MALFORMED] == 2
    assert ear.path.drops[AudioDrop.UNKNOWN_CODEC] == 2
    assert ear.samples >= 14 * FRAME
    ear.check_line()


def test_padding_alone_is_neither_sound_nor_loss() -> None:
    ear = Ear()
    sent = packets(opus_payloads(20))
    padding = packets([b""] * 3, number=65540 + 20, timestamp=sent[-1].timestamp)
    padding[1].payload_type = REDUNDANT
    padding[2].payload_type = 99
    ear.receive(on_time([*sent, *padding]))
    assert ear.samples == 20 * FRAME
    assert ear.path.drops == {AudioDrop.UNKNOWN_CODEC: 1}


@pytest.mark.parametrize(("payload_type", "ticks"), [(OPUS, FRAME), (ULAW, 160)])
def test_speech_is_played_slower_and_faster_for_the_sake_of_the_delay(
    payload_type: int, ticks: int
) -> None:
    ear = Ear(even=True)
    payloads = opus_payloads(300) if payload_type == OPUS else ulaw_payloads(300)
    sent = on_time(packets(payloads, payload_type, ticks=ticks))
    ear.receive(sent[:50])
    ear.path.set_floor(0.1)
    ear.receive(sent[50:150])
    counts = ear.path.statistics
    assert counts is not None
    inserted, rate = counts.inserted, ear.path.rate
    assert 0.06 * rate < inserted < 0.1 * rate
    ear.path.set_floor(0.0)
    ear.receive(sent[150:])
    assert inserted - 0.02 * rate < counts.removed <= inserted
    assert counts.concealed == 0
    ear.check_line()
    frames = [heard.frame for _, heard in ear.heard]
    ends = [
        frame.pts + frame.samples * rate // frame.sample_rate
        for frame in frames
        if frame.pts is not None
    ]
    assert [frame.pts for frame in frames[1:]] == ends[:-1]


def test_tones_are_no_sound_and_no_loss() -> None:
    """RFC 4733: their packets have the time of their begin, and numbers among the others."""
    ear = Ear()
    sent = packets(opus_payloads(20))
    for packet in sent[8:13]:
        packet.payload_type, packet.payload = TONES, bytes(4)
        packet.timestamp = sent[8].timestamp
    ear.receive(on_time(sent))
    assert not ear.path.drops
    counts = ear.path.statistics
    assert counts is not None
    assert (counts.concealed, counts.comfort) == (0, 5 * FRAME)


def test_the_time_of_the_longest_tone_is_a_pause() -> None:
    ear = Ear(even=True)
    sent = packets(opus_payloads(320))
    for packet in sent[8:308]:
        packet.payload_type, packet.payload = TONES, bytes(4)
        packet.timestamp = sent[8].timestamp
    ear.receive(on_time(sent))
    ear.path.end(1)
    ear.wait(10.0)
    counts = ear.path.statistics
    assert counts is not None
    assert counts.concealed == 0
    assert ear.samples == pytest.approx(320 * FRAME, abs=FRAME)


def test_concealment_of_g711_sounds_like_what_was_before() -> None:
    ear = Ear()
    sent = [
        p for n, p in enumerate(on_time(packets(ulaw_payloads(50), ULAW, ticks=160))) if n != 25
    ]
    ear.receive(sent)
    gap = [
        h for _, h in ear.heard if h.frame.pts is not None and 24.9 * 160 < h.frame.pts < 25.9 * 160
    ]
    assert loudness(b"".join(bytes(h.frame.planes[0])[: 2 * h.frame.samples] for h in gap)) > 200
    assert ear.samples == 50 * 160


def test_before_there_was_sound_there_is_nothing_to_do() -> None:
    path = AudioPath(lambda heard: None)
    path.pull(1.0)
    path.end(1)
    path.set_floor(0.1)
    assert (path.deadline(), path.statistics, path.rate, path.target_delay) == (None, None, 0, 0.0)


def test_sound_can_be_held_back() -> None:
    ear = Ear(even=True)
    ear.path.set_floor(0.2)
    ear.receive(on_time(packets(opus_payloads(50))))
    ear.wait(2.0)
    assert ear.heard[-1][0] >= 0.98
    assert ear.path.target_delay == pytest.approx(0.2)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 59), st.floats(0, 0.3)), max_size=60),
    st.booleans(),
)
def test_whatever_the_network_does_times_rise(
    arrivals: list[tuple[int, float]], even: bool
) -> None:
    ear = Ear(even=even)
    sent = packets(PAYLOADS)
    ear.receive([(number * 0.02 + delay, sent[number]) for number, delay in arrivals])
    ear.path.end(1)
    ear.wait(10.0)
    ear.check_line()


PAYLOADS = opus_payloads(60)


def test_a_payload_type_that_means_another_codec_gets_another_decoder() -> None:
    ear = Ear()
    ear.path.set_formats({OPUS: FORMATS[OPUS]})
    ear.receive((n * 0.02, packet) for n, packet in enumerate(packets(opus_payloads(5))))
    ear.path.set_formats({OPUS: FORMATS[ULAW]})
    begin = 0xFFFFF000 + 4 * FRAME + 160
    again = packets(ulaw_payloads(5), number=65535, timestamp=begin, ticks=160)
    ear.receive((0.1 + n * 0.02, packet) for n, packet in enumerate(again))
    assert [heard.frame.sample_rate for _, heard in ear.heard] == [48000] * 5 + [8000] * 5
    assert not ear.path.drops


def test_the_decoder_in_use_is_not_the_one_that_makes_room() -> None:
    ear, made = Ear(), []

    class Counted(OpusAudioDecoder):
        def __init__(self) -> None:
            made.append(self)
            super().__init__()

    with replaced_opus(Counted):
        formats = {OPUS: FORMATS[OPUS]}
        formats |= {100 + n: AudioFormat("audio/PCMU", 8000 + n) for n in range(6)}
        ear.path.set_formats(formats)
        spoken = packets(opus_payloads(12))
        for n, packet in enumerate(spoken):
            if n % 2:
                packet.payload_type, packet.payload = 100 + n // 2, bytes(160)
            ear.receive([(n * 0.02, packet)])
    assert len(made) == 1


def test_only_a_change_of_pace_drops_what_waits() -> None:
    ear = Ear(even=True)
    ear.path.set_floor(0.2)
    for n, packet in enumerate(packets(opus_payloads(10))):
        ear.receive([(n * 0.02, packet)])
        ear.path.set_even(True)
    ear.path.end(1)
    ear.wait(2.0)
    assert ear.samples == 10 * FRAME
    target = ear.path.target_delay
    ear.path.set_even(False)
    assert (ear.path.target_delay, ear.path.deadline()) == (target, None)


@pytest.mark.parametrize("even", [False, True])
def test_tones_among_sound_that_goes_on_change_nothing_of_its_time(even: bool) -> None:
    # Gateways send both at once; all packets of a tone have the time of its begin.
    ear = Ear(even=even)
    sent = packets(opus_payloads(40))
    begin = sent[10].timestamp
    for n in range(20, 10, -1):
        sent.insert(n, packets([bytes(4)], TONES, timestamp=begin)[0])
    for n, packet in enumerate(sent):
        packet.sequence_number = 65530 + n & 0xFFFF
    ear.receive(
        (0.01 * max(0, min(n - 10, 20)) + 0.02 * (min(n, 10) + max(0, n - 30)), packet)
        for n, packet in enumerate(sent)
    )
    ear.path.end(1)
    ear.wait(5.0)
    counts = ear.path.statistics
    assert counts is not None
    assert (counts.concealed, counts.comfort, counts.skipped) == (0, 0, 0)
    assert ear.samples == 40 * FRAME
    ear.check_line()


def test_a_tone_before_the_sound_says_nothing_of_its_clock() -> None:
    ear = Ear()
    ear.path.set_formats({**FORMATS, TONES: AudioFormat("audio/telephone-event", 8000)})
    tone, *sound = packets([bytes(4), *opus_payloads(5)])
    tone.payload_type = TONES
    ear.receive(on_time([tone, *sound]))
    assert ear.path.rate == 48000
    assert ear.samples == 5 * FRAME
    assert not ear.path.drops


def test_the_bye_of_a_source_that_was_replaced_ends_nothing() -> None:
    ear = Ear(even=True)
    payloads = opus_payloads(20)
    ear.receive(on_time(packets(payloads[:10])))
    ear.receive(on_time(packets(payloads[10:], ssrc=2, number=7, timestamp=7), begin=0.2))
    ear.path.end(1)
    before = ear.samples
    ear.wait(1.0)
    assert ear.samples > before + 20 * FRAME
    ear.path.end(2)
    ear.wait(1.1)
    assert ear.path.deadline() is None
