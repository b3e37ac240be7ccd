"""Settings of the TURN client: every timer and every bound, each with the rule it comes from."""

from peer.records import dataclass


@dataclass(frozen=True, slots=True)
class TurnConfig:
    """Timers in seconds, and bounds."""

    lifetime: int | None = None
    """The LIFETIME asked for; None leaves it to the server's default (RFC 8656 §7.1)."""
    default_lifetime: float = 600.0
    """The lifetime of an allocation whose server did not say (RFC 8656 §5)."""
    refresh_margin: float = 60.0
    """An allocation is refreshed this long before it expires (RFC 8656 §8)."""
    retry_pause: float = 5.0
    """Pause after an error that may pass before a request other than Allocate is repeated."""
    refused_pause: float = 1.0
    """Least time between two such requests that the network refuses to carry."""
    permission_lifetime: float = 300.0
    """RFC 8656 §9: MUST be 300 s."""
    permission_refresh: float = 240.0
    """Age at which a permission that is still wanted is refreshed."""
    permission_batch: int = 10
    """Peers in one CreatePermission request, so that it fits 548 bytes (RFC 8489 §6.1)."""
    channel_lifetime: float = 600.0
    """RFC 8656 §12: a binding lasts 10 minutes."""
    channel_refresh: float = 540.0
    """Age at which a channel that is still wanted is bound again."""
    channel_quarantine: float = 300.0
    """RFC 8656 §12: wait before number or peer are bound differently."""
    max_peers: int = 1024
    """Permissions kept at most, and channels wanted at most."""
    max_challenges: int = 4
    """401 and 438 answers in a row after which a request has failed."""
    max_server_errors: int = 4
    """Retries of an Allocate request after 5xx (RFC 8489 §6.3.4)."""
    server_error_pause: float = 1.0
    """Pause before the first such retry; it doubles each time."""
    capacity_pause: float = 60.0
    """RFC 8656 §7.4: after 486 and 508 wait at least a minute."""
    mismatch_pause: float = 120.0
    """RFC 8656 §7.4: after three 437 leave the server alone for two minutes."""
    max_local_ports: int = 3
    """RFC 8656 §7.4: client addresses to try when the server answers 437."""
    redirect_memory: float = 300.0
    """RFC 8489 §10: no redirection to a server asked within the last five minutes."""
    max_redirects: int = 5
    """Redirections followed by one allocation."""
    software: str | None = None
    """SOFTWARE in Allocate and Refresh requests; None, the default, reveals nothing."""
