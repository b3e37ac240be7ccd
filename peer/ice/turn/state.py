"""The states of an allocation as the client sees them (RFC 8656 §3.2)."""

import enum


class AllocationState(enum.Enum):
    """Where an allocation is in its life."""

    IDLE = "idle"
    ALLOCATING = "allocating"
    ALLOCATED = "allocated"
    ABANDONING = "abandoning"
    DISCARDING = "discarding"
    RELEASING = "releasing"
    RELEASED = "released"
    FAILED = "failed"
    LOST = "lost"


class Step(enum.Enum):
    """What moves an allocation from one state to another."""

    START = "start"
    """The first Allocate request leaves."""
    CREATED = "created"
    """An Allocate success response that can be used."""
    UNUSABLE = "unusable"
    """An Allocate success response with addresses we cannot handle (RFC 8656 §7.3)."""
    REFUSED = "refused"
    """The Allocate request has failed for good."""
    GONE = "gone"
    """The server no longer has the allocation."""
    OUT_OF_SYNC = "out-of-sync"
    """An unexpected 400 to ChannelBind (RFC 8656 §12.3)."""
    RELEASE = "release"
    """The application no longer wants it."""
    WITHDRAW = "withdraw"
    """The same while no Allocate request is on its way."""
    DELETED = "deleted"
    """The deleting Refresh has ended, one way or another."""


_S = AllocationState

TRANSITIONS: dict[tuple[AllocationState, Step], AllocationState] = {
    (_S.IDLE, Step.START): _S.ALLOCATING,
    (_S.IDLE, Step.RELEASE): _S.RELEASED,
    (_S.IDLE, Step.GONE): _S.FAILED,
    (_S.ALLOCATING, Step.CREATED): _S.ALLOCATED,
    (_S.ALLOCATING, Step.UNUSABLE): _S.DISCARDING,
    (_S.ALLOCATING, Step.REFUSED): _S.FAILED,
    (_S.ALLOCATING, Step.GONE): _S.FAILED,
    (_S.ALLOCATING, Step.RELEASE): _S.ABANDONING,
    (_S.ALLOCATING, Step.WITHDRAW): _S.RELEASED,
    (_S.ABANDONING, Step.CREATED): _S.RELEASING,
    (_S.ABANDONING, Step.UNUSABLE): _S.RELEASING,
    (_S.ABANDONING, Step.REFUSED): _S.RELEASED,
    (_S.ABANDONING, Step.GONE): _S.RELEASED,
    (_S.ALLOCATED, Step.GONE): _S.LOST,
    (_S.ALLOCATED, Step.OUT_OF_SYNC): _S.DISCARDING,
    (_S.ALLOCATED, Step.RELEASE): _S.RELEASING,
    (_S.DISCARDING, Step.DELETED): _S.LOST,
    (_S.DISCARDING, Step.GONE): _S.LOST,
    (_S.DISCARDING, Step.RELEASE): _S.RELEASING,
    (_S.RELEASING, Step.DELETED): _S.RELEASED,
    (_S.RELEASING, Step.GONE): _S.RELEASED,
}
"""Every move there is; a step that is not listed for a state changes nothing."""
