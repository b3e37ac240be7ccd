"""Frames in decoding order, none that could not be decoded."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.rtp.frame_buffer import MAX_WAIT, REORDERING, FrameBuffer
from peer.rtp.payloads.h264 import H264Depayloader
from peer.rtp.payloads.vp8 import Vp8Depayloader
from peer.rtp.payloads.vp9 import Vp9Depayloader
from tests.rtp.payloads.test_h264 import IDR, PPS, SLICE, SPS
from tests.rtp.video_line import START, Line, Sent, flat, picture, pictures


def line(*, repairs: bool = False) -> Line:
    return Line(FrameBuffer[Sent](repairs=repairs))


def test_a_picture_leaves_with_its_last_packet() -> None:
    """Not with the first one of the next: the last before a pause is seen at once."""
    run = line().run(flat(pictures(30)))
    assert run.left == list(range(30))
    assert [when for when, _ in run.frames] == [START + n / 30 for n in range(30)]
    first = run.frames[0][1]
    assert (first.is_key, first.size, first.follows_gap) == (True, (320, 240), False)
    assert first.data.endswith(b"0.0;0.1;0.2;")
    assert [packet.number for packet in first.packets] == [1000, 1001, 1002]
    assert not run.buffer.needs_key
    assert run.buffer.deadline() is None


def test_packets_of_a_picture_in_any_order() -> None:
    for seed in range(50):
        run = line()
        for frame in pictures(5, packets=6):
            random.Random(seed).shuffle(frame)
            for sent in frame:
                run.insert(sent)
        assert run.left == [0, 1, 2, 3, 4]
        assert run.frames[3][1].data.endswith(b"3.0;3.1;3.2;3.3;3.4;3.5;")


def test_pictures_in_any_order_within_the_window() -> None:
    frames = pictures(20)
    packets = flat(frames[1:])
    random.Random(1).shuffle(packets)
    run = line(repairs=True)
    for sent in [*frames[0], *packets]:
        run.insert(sent)
    assert run.left == list(range(20))


def test_without_marker_bits_a_picture_leaves_with_the_next() -> None:
    run = line()
    for frame in pictures(10):
        for sent in frame:
            run.insert(Sent(sent.number, sent.index, sent.payload, False, sent.arrival))
    assert run.left == list(range(9))
    assert [when for when, _ in run.frames] == [START + n / 30 for n in range(1, 10)]


def test_a_lost_packet_holds_back_until_it_is_repaired() -> None:
    frames = pictures(30)
    missing = frames[10].pop(1)
    run = line(repairs=True).run([*flat(frames), missing.again(0.1)])
    assert run.left == list(range(30))
    assert run.frames[10][0] == pytest.approx(missing.arrival + 0.1)
    assert run.frames[10][1].is_repaired
    assert run.frames[13][0] == pytest.approx(missing.arrival + 0.1)
    assert not run.buffer.needs_key


def test_it_is_calm_while_all_that_came_follows_what_was_there() -> None:
    key, second, third = pictures(3)
    run = line(repairs=True)
    calm = [run.buffer.is_calm]
    for part in ([*key, *second[:2]], third[:1], second[2:]):
        for sent in part:
            run.insert(sent)
        calm.append(run.buffer.is_calm)
    assert run.left == [0, 1]
    run.buffer.repairs_ended()
    calm.append(run.buffer.is_calm)
    assert calm == [False, True, False, True, False]


def test_a_key_frame_is_asked_for_when_repairs_do_not_come() -> None:
    frames = pictures(30)
    del frames[10][1]
    run = line(repairs=True)
    run.buffer.round_trip = 0.02
    for sent in flat(frames[:11]):
        run.insert(sent)
    gap = frames[10][1].arrival
    assert run.buffer.deadline() == pytest.approx(gap + 0.25)
    wanted = []
    for now in (gap + 0.249, gap + 0.251):
        run.pull(now)
        wanted.append(run.buffer.needs_key)
    assert wanted == [False, True]
    assert run.buffer.deadline() == pytest.approx(gap + MAX_WAIT + 0.02)


def test_a_repair_that_comes_before_the_key_frame_is_as_good() -> None:
    frames = pictures(20)
    missing = frames[10].pop(1)
    run = line(repairs=True).run([*flat(frames), missing.again(0.8)])
    assert run.left == list(range(20))
    assert not run.buffer.needs_key


def test_where_nothing_is_repaired_a_key_frame_is_asked_for_soon() -> None:
    frames = pictures(12)
    del frames[10][1]
    run = line()
    for sent in flat(frames):
        run.insert(sent)
    gap = frames[10][1].arrival
    run.pull(gap + REORDERING + 0.001)
    assert run.buffer.needs_key


def test_a_complete_key_frame_ends_the_waiting() -> None:
    frames = pictures(60, keys=(0, 15, 30, 45))
    del frames[20][0]
    run = line(repairs=True).run(flat(frames))
    assert run.left == [*range(20), *range(30, 60)]
    after = run.frames[20]
    assert after[0] == START + 1.0
    assert after[1].follows_gap
    assert not run.frames[21][1].follows_gap
    assert run.buffer.statistics.dropped == 9
    assert run.buffer.settled == frames[-1][-1].number


def test_nothing_leaves_that_needs_what_was_given_up() -> None:
    frames = pictures(90, keys=(0, 80))
    del frames[10][1]
    run = line().run(flat(frames), until=5.0)
    assert run.left == [*range(10), *range(80, 90)]
    assert run.buffer.statistics.dropped == 69


def test_the_first_picture_is_a_key_frame() -> None:
    run = line().run(flat(pictures(20, keys=(10,))))
    assert run.left == list(range(10, 20))
    assert not run.frames[0][1].follows_gap
    assert line().buffer.needs_key


def test_a_first_key_frame_is_waited_for() -> None:
    frames = pictures(5)
    missing = frames[0].pop(1)
    run = line(repairs=True).run([*flat(frames), missing.again(0.12)])
    assert run.left == list(range(5))


def test_padding_fills_the_numbers_between_pictures() -> None:
    run = line()
    number = 0
    for index in range(6):
        for sent in picture(index, number, is_key=index == 0):
            run.insert(sent)
        number += 3
        for _ in range(4):
            run.insert(Sent(number, index, b"", False, START + index / 30))
            number += 1
    assert run.left == list(range(6))


def test_padding_that_comes_late_lets_the_next_picture_leave() -> None:
    run = line()
    for sent in [*picture(0, 0, is_key=True), *picture(1, 4)]:
        run.insert(sent)
    assert run.left == [0]
    run.insert(Sent(3, 0, b"", False, START + 0.1))
    assert run.left == [0, 1]


def test_a_malformed_packet_spoils_its_picture_only() -> None:
    frames = pictures(40, keys=(0, 30))
    broken = frames[10][1]
    frames[10][1] = Sent(broken.number, 10, b"\x90", False, broken.arrival)
    run = line().run(flat(frames))
    assert run.left == [*range(10), *range(30, 40)]
    assert run.buffer.malformed == {"payload-truncated": 1}
    assert run.buffer.statistics.received == 40


def test_a_picture_whose_beginning_does_not_exist_is_spoilt() -> None:
    frames = pictures(40, keys=(0, 30))
    frames[10] = [Sent(s.number, 10, b"\x00rest", s.marker, s.arrival) for s in frames[10]]
    run = line().run(flat(frames))
    assert run.left == [*range(10), *range(30, 40)]
    assert run.buffer.needs_key is False


def test_late_and_repeated_packets() -> None:
    frames = pictures(5)
    run = line()
    run.insert(frames[0][0])
    run.insert(frames[0][0])
    for sent in flat(frames):
        run.insert(sent)
    run.insert(frames[2][1])
    assert run.left == list(range(5))
    assert run.buffer.packets_late == 1


def test_the_marker_inside_pictures_is_believed_once() -> None:
    """A sender that sets it on every packet: from the second picture on the next one ends it."""
    run = line()
    frames = pictures(12, keys=(0, 2, 4))
    for sent in flat(frames):
        run.insert(Sent(sent.number, sent.index, sent.payload, True, sent.arrival))
    left = run.left
    assert left == [0, *range(2, 11)]
    assert run.frames[1][1].data.endswith(b"2.0;2.1;2.2;")


def test_temporal_layers_go_on_where_references_allow() -> None:
    """Layers 0 2 1 2: a lost picture of the highest layer is needed by nobody."""
    frames = []
    for index in range(24):
        tid = (0, 2, 1, 2)[index % 4]
        fields = bytes((0xE0, 0x80, index, index // 4, tid << 6 | 0x20))
        frames.append(picture(index, index * 3, is_key=index == 0, fields=fields))
    del frames[5][1]
    run = line(repairs=True)
    for sent in flat(frames):
        run.insert(sent)
    assert run.left == [n for n in range(24) if n != 5]
    assert [frame.follows_gap for _, frame in run.frames[4:7]] == [False, True, False]


def test_a_lost_picture_of_the_lowest_layer_stops_the_others() -> None:
    frames = []
    for index in range(24):
        tid = (0, 2, 1, 2)[index % 4]
        fields = bytes((0xE0, 0x80, index, index // 4, tid << 6))
        frames.append(picture(index, index * 3, is_key=index in (0, 16), fields=fields))
    del frames[8][1]
    run = line(repairs=True)
    for sent in flat(frames):
        run.insert(sent)
    assert run.left == [*range(8), *range(16, 24)]


def test_pictures_of_another_key_frame_are_not_decoded() -> None:
    frames = [
        picture(index, index * 3, is_key=index == 0, fields=bytes((0x90, index, key)))
        for index, key in enumerate((3, 3, 4, 4))
    ]
    run = line().run(flat(frames))
    assert run.left == [0, 1]
    assert run.buffer.needs_key


def test_picture_ids_tell_that_only_padding_was_lost() -> None:
    frames = [
        picture(index, index * 5, is_key=index == 0, fields=bytes((0x80, 0x80, index)))
        for index in range(6)
    ]
    run = line().run(flat(frames))
    assert run.left == list(range(6))


def test_flexible_references_of_vp9() -> None:
    run = Line(FrameBuffer[Sent](repairs=True), Vp9Depayloader())

    def sent(number: int, first: int, rest: bytes) -> Sent:
        return Sent(number, number, bytes((first | 0x9C, number)) + rest, True, START)

    run.insert(sent(1, 0x00, b"key"))
    run.insert(sent(2, 0x40, b"\x02data"))
    run.insert(sent(4, 0x40, b"\x04data"))  # needs 2
    run.insert(sent(6, 0x40, b"\x02data"))  # needs 5
    run.insert(sent(7, 0x40, b"\x06data"))  # needs 4
    assert run.left == [1, 2, 4, 7]


def test_h264_with_padding_and_parameter_sets() -> None:
    run = Line(FrameBuffer[Sent](), H264Depayloader())
    packets = [
        (1, 0, SPS, False),
        (2, 0, PPS, False),
        (3, 0, IDR, True),
        (4, 0, b"", False),
        (5, 1, SLICE, True),
        (6, 1, b"", False),
        (7, 1, b"", False),
        (8, 2, b"\x7c\x81\x80ab", False),
        (9, 2, b"\x7c\x41cd", True),
    ]
    for number, index, payload, marker in packets:
        run.insert(Sent(number, index, payload, marker, START))
    assert run.left == [0, 1, 2]
    assert run.frames[2][1].data == b"\0\0\0\1\x61\x80abcd"


def test_h264_slices_that_are_not_the_first_of_their_picture() -> None:
    """The beginning of the first key frame was not seen: it is none."""
    later = b"\x65\x40idr"
    run = Line(FrameBuffer[Sent](), H264Depayloader([SPS, PPS]))
    for number, index, payload in ((5, 0, later), (6, 1, SLICE), (7, 2, IDR), (8, 3, SLICE)):
        run.insert(Sent(number, index, payload, True, START))
    assert run.left == [2, 3]


@pytest.mark.parametrize("before", [b"\x06\x05\x01\x00\x80", b"\x09\x30"])
@pytest.mark.parametrize("turned", [False, True])
def test_an_h264_picture_counts_by_all_its_packets(before: bytes, turned: bool) -> None:
    """RFC 6184 §5.3: no unit needs a message or a delimiter, but what comes behind it."""
    run = Line(FrameBuffer[Sent](), H264Depayloader([SPS, PPS]))
    packets = [
        Sent(1, 0, IDR, True, START),
        Sent(2, 1, before, False, START),
        Sent(3, 1, SLICE, True, START),
        Sent(4, 2, before, False, START),
        Sent(5, 2, b"\x01\x80slice", True, START),
        Sent(6, 3, before, False, START),
        # It is cut off.
        Sent(7, 3, b"\x7c\x81", True, START),
        Sent(8, 4, SLICE, True, START),
    ]
    if turned:
        packets[1:3] = packets[2:0:-1]
    for sent in packets:
        run.insert(sent)
    assert [(frame.time // 3000, frame.is_reference) for _, frame in run.frames] == [
        (0, True),
        (1, True),
        (2, False),
    ]
    assert run.buffer.needs_key


def test_the_packets_of_a_key_frame_are_told() -> None:
    """While they come nobody needs to ask for one."""
    buffer = FrameBuffer[Sent]()
    told = [
        buffer.insert(s.number, s.index, s.payload, s, Vp8Depayloader(), START, marker=s.marker)
        for s in flat(pictures(3, keys=(0, 2)))
    ]
    assert told == [True] * 3 + [False] * 3 + [True] * 3
    h264 = H264Depayloader()
    assert FrameBuffer[None]().insert(0, 0, SPS, None, h264, START)
    assert not FrameBuffer[None]().insert(0, 0, b"", None, h264, START)


def test_a_decoder_that_failed_needs_a_key_frame() -> None:
    frames = pictures(20, keys=(0, 15))
    run = line().run(flat(frames[:10]))
    run.buffer.decoder_failed()
    assert run.buffer.needs_key
    run.run(flat(frames[10:]))
    assert run.left == [*range(10), *range(15, 20)]
    assert not run.buffer.needs_key


def test_a_window_of_packets_is_kept() -> None:
    """A frame that never ends, far jumps, endless gaps: all is dropped and a key frame wanted."""
    run = line()
    for sent in picture(0, 0, packets=5000, is_key=True)[:-1]:
        run.insert(sent)
    assert run.left == []
    assert run.buffer.statistics.cleared == 2
    assert len(run.buffer._assembly._numbers) <= 2048
    assert run.buffer.needs_key
    large = line()
    for sent in picture(0, 0, packets=2000, is_key=True):
        payload = sent.payload + bytes(10_000)
        large.insert(Sent(sent.number, 0, payload, sent.marker, sent.arrival))
        assert large.buffer._assembly._size <= (8 << 20) + 20_000
    assert large.buffer.statistics.cleared > 0


@pytest.mark.parametrize("jump", [3000, 0x7FFF, 1 << 16, 1 << 40])
def test_a_jump_costs_no_more_than_a_packet(jump: int) -> None:
    run = line()
    for sent in flat(pictures(5)):
        run.insert(sent)
    started = time.process_time()
    for index in range(100):
        number = jump * (index + 1)
        for sent in picture(6 + index, number, is_key=index == 99):
            run.insert(sent)
    assert time.process_time() - started < 0.5
    assert run.left[5:] == [105]


def test_hours_of_silence_cost_nothing() -> None:
    frames = pictures(5)
    run = line().run(flat(frames))
    index = 8 * 3600 * 30
    for sent in picture(index, 1015, is_key=True):
        run.insert(sent)
    assert run.left == [0, 1, 2, 3, 4, index]


def test_one_packet_after_the_other_that_never_makes_a_picture() -> None:
    run = line()
    for number in range(20_000):
        run.insert(Sent(number, number, b"\x10\x01x", True, START + number / 100))
    assert run.left == []
    assert len(run.buffer._assembly._by_first) <= 2048
    assert run.buffer.statistics.dropped > 19_000


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 4),
            st.integers(1, 4),
            st.booleans(),
            st.lists(
                st.sampled_from(["send", "send", "send", "lose", "late", "twice"]), max_size=4
            ),
        ),
        max_size=40,
    ),
    st.booleans(),
)
def test_any_network(plan: list[tuple[int, int, bool, list[str]]], repairs: bool) -> None:
    """What leaves is whole, in order, each once, and never needs something that did not leave."""
    sent: list[Sent] = []
    number = 5000
    keys = set()
    for index, (padding, packets, is_key, fates) in enumerate(plan):
        if is_key:
            keys.add(index)
        for part, packet in enumerate(picture(index, number, packets=packets, is_key=is_key)):
            fate = fates[part] if part < len(fates) else "send"
            if fate != "lose":
                sent.append(packet.later(0.15 if fate == "late" else 0.0))
            if fate == "twice":
                sent.append(packet.again(0.1))
        number += packets
        sent += [Sent(number + n, index, b"", False, START + index / 30) for n in range(padding)]
        number += padding
    run = line(repairs=repairs).run(sent, until=len(plan) / 30 + 3.0)
    left = run.left
    assert left == sorted(set(left))
    for index, (_, frame) in zip(left, run.frames, strict=True):
        parts = "".join(f"{index}.{part};" for part in range(plan[index][1]))
        assert frame.data.endswith(parts.encode())
        assert index in keys or index - 1 in left
    assert not run.buffer._assembly.completed
    assert run.buffer.deadline() is None


@pytest.mark.parametrize("round_trip", [0.0, 0.5, 2.0, 20.0])
def test_whoever_pulls_at_the_deadline_is_not_asked_to_pull_again_at_once(
    round_trip: float,
) -> None:
    frames = pictures(3)
    del frames[1][1]
    run = line(repairs=True)
    run.buffer.round_trip = round_trip
    for sent in flat(frames):
        run.insert(sent)
    pulls = []
    while (deadline := run.buffer.deadline()) is not None:
        pulls.append(deadline)
        run.buffer.pull(deadline)
        assert len(pulls) <= 2
    assert pulls == sorted(set(pulls))
    assert pulls[-1] - frames[2][0].arrival <= MAX_WAIT + round_trip
