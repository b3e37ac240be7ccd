"""A certificate whose handshakes are equally long every time."""

from functools import cache

from cryptography import x509

from peer.transports import Certificate

_SERIAL_BITS = 152
"""More bits than this make the serial number as long as it gets."""


@cache
def certificate() -> Certificate:
    """Return the certificate that simulated hosts share unless they are given others.

    Signatures of RSA have one length, those of ECDSA have several, and the length of a packet
    decides how long a slow line takes for it. It is made once in a process, in a tenth of a second.
    """
    while True:
        made = Certificate.generate("rsa")
        serial = x509.load_der_x509_certificate(made.der).serial_number
        if serial.bit_length() > _SERIAL_BITS:
            return made
