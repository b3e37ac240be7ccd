"""Threads that stay under the scheduling they had."""

import os
import sys
import threading

import pytest

from peer.media import VideoSettings
from peer.media.ffmpeg import AV1, H264, H265, VP8, VP9, FFmpegVideoEncoder, Wrapped
from peer.media.scheduling import usual_scheduling

from .pictures import moving

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux has policies for threads")


def policies() -> set[int]:
    return {os.sched_getscheduler(int(thread)) for thread in os.listdir("/proc/self/task")}


@pytest.mark.parametrize("wrapped", [VP8, VP9, H264, H265, AV1], ids=lambda wrapped: wrapped.name)
def test_encoders_change_nothing(wrapped: Wrapped) -> None:
    """What runs as root would have a processor for itself otherwise."""
    before = {os.sched_getscheduler(0)}
    encoder = FFmpegVideoEncoder(wrapped, VideoSettings())
    encoder.encode(next(moving()), key=True)
    assert policies() == before
    encoder.encode(next(moving(64, 48)), key=True)
    del encoder
    assert policies() == before


def test_this_thread_and_new_ones_are_set_back() -> None:
    go_on, seen = threading.Event(), list[int]()

    def change() -> None:
        before = os.sched_getscheduler(0)
        with usual_scheduling():
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
            other = threading.Thread(target=go_on.wait)
            other.start()
        seen.append(os.sched_getscheduler(0) - before)
        assert other.native_id is not None
        seen.append(os.sched_getscheduler(other.native_id) - before)
        go_on.set()
        other.join()

    thread = threading.Thread(target=change)
    thread.start()
    thread.join()
    assert seen == [0, 0]
