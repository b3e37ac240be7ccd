"""What the ICE agent raises: only ever for misuse of its own interface.

- IceError
  - InvalidStateError      the call does not fit the agent's state
  - InvalidParameterError  an argument is outside what the RFCs allow

Whatever arrives from the network is counted under a `DropReason` and dropped instead.
"""

import enum


class IceError(Exception):
    """Base of everything the ICE agent raises."""


class InvalidStateError(IceError):
    """The call does not fit the state of the agent, for instance after ``close()``."""


class InvalidParameterError(IceError, ValueError):
    """An argument is outside what the RFCs allow."""


class DropReason(enum.Enum):
    """Why an input was dropped; the value is the name it is counted under."""

    NOT_STUN = "not-stun"
    UNKNOWN_LOCAL_ADDRESS = "unknown-local-address"
    UNVALIDATED_SOURCE = "unvalidated-source"
    RESERVED_FIRST_BYTE = "reserved-first-byte"
    UNKNOWN_TRANSACTION = "unknown-transaction"
    UNKNOWN_METHOD = "unknown-method"
    UNKNOWN_ATTRIBUTES = "unknown-attributes"
    REQUEST_WITHOUT_CREDENTIALS = "request-without-credentials"
    REQUEST_UNKNOWN_USERNAME = "request-unknown-username"
    REQUEST_BAD_INTEGRITY = "request-bad-integrity"
    REQUEST_MALFORMED = "request-malformed"
    REQUEST_NO_FINGERPRINT = "request-no-fingerprint"
    ROLE_CONFLICT = "role-conflict"
    RESPONSE_BAD_INTEGRITY = "response-bad-integrity"
    RESPONSE_WRONG_ADDRESS = "response-wrong-address"
    RESPONSE_MALFORMED = "response-malformed"
    STALE_ROLE_CONFLICT = "stale-role-conflict"
    TOO_MANY_EARLY_CHECKS = "too-many-early-checks"
    TOO_MANY_CANDIDATES = "too-many-candidates"
    TOO_MANY_PAIRS = "too-many-pairs"
    TOO_MANY_PEER_REFLEXIVE = "too-many-peer-reflexive"
    CANDIDATE_FORBIDDEN = "candidate-forbidden"
    PAIR_OUT_OF_SCOPE = "pair-out-of-scope"
    CANDIDATE_UNUSABLE = "candidate-unusable"
    MAPPED_ADDRESS_UNUSABLE = "mapped-address-unusable"
    CANDIDATE_DUPLICATE = "candidate-duplicate"
    CANDIDATE_STALE_GENERATION = "candidate-stale-generation"
    CANDIDATE_UNKNOWN_GENERATION = "candidate-unknown-generation"
    RELAY_UNEXPECTED = "relay-unexpected"
    RELAY_UNKNOWN_PEER = "relay-unknown-peer"
    STRANGER_TOO_MUCH = "stranger-too-much"
    STRANGER_EMPTY_FRAME = "stranger-empty-frame"
    TCP_UNAUTHENTICATED = "tcp-unauthenticated"
    TOO_MANY_CONNECTIONS = "too-many-connections"
    UNKNOWN_CONNECTION = "unknown-connection"
    NO_PATH = "no-path"
    TOO_MANY_EVENTS = "too-many-events"
