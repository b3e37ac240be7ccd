"""Whether a DTLS peer is who the description says (RFC 5763 §5)."""

import hashlib
from collections.abc import Iterable

from aiortc.rtcdtlstransport import RTCDtlsFingerprint
from OpenSSL import SSL, crypto

_STRENGTH = ("sha-512", "sha-384", "sha-256")


class Identity:
    """Judges a certificate by the fingerprints that were signalled; `doubt` says what is wrong.

    It knows nothing of the transport: OpenSSL's callbacks outlive that.
    """

    def __init__(self, fingerprints: Iterable[RTCDtlsFingerprint]) -> None:
        self.fingerprints = tuple(fingerprints)
        self.proven = False
        self.doubt = ""

    def verify(
        self, _connection: SSL.Connection, shown: crypto.X509, _error: int, depth: int, ok: int
    ) -> bool:
        """Judge the peer's certificate inside the handshake, so that it is told with an alert."""
        # No chain leads to it: what OpenSSL finds wrong with that comes first, itself at the end.
        if depth > 0 or not ok:
            return True
        self.proven = self._is_expected(shown)
        return self.proven

    def _is_expected(self, shown: crypto.X509) -> bool:
        """Match the strongest hash on offer: one of its fingerprints has to fit (RFC 8122 §5)."""
        known = [one for one in self.fingerprints if one.algorithm.lower() in _STRENGTH]
        if not known:
            self.doubt = "no fingerprint with a known hash"
            return False
        algorithm = min((one.algorithm.lower() for one in known), key=_STRENGTH.index)
        encoded = crypto.dump_certificate(crypto.FILETYPE_ASN1, shown)
        digest = hashlib.new(algorithm.replace("-", ""), encoded).digest().hex(":").upper()
        if any(one.value.upper() == digest for one in known if one.algorithm.lower() == algorithm):
            return True
        self.doubt = "the certificate is not the one of the fingerprint"
        return False
