"""Forward error correction (RFC 5109, draft-ietf-payload-flexible-fec-scheme-03), pure.

A *parity* is the XOR of some packets of one stream: of the header's bits, the timestamp and the
length, and of all bytes behind the first twelve (`parity`). Of packets and parity any single one
follows from the others, to the last bit. Both formats carry the same sum with other headers
around it (`ulpfec`, inside RED and with numbers of the stream itself, and `flexfec`, with a
stream of its own).

The receiving side (`recovery`) remembers the latest packets. Of a parity everything that is there
is taken off again; when one packet is left over that is what remains, and it may be what another
parity waits for. What a retransmission brought has other header extensions than what was lost, so
it counts as missing here.

Packets are what the sender summed up before it wrote numbers and times of sending into them:
`ExtensionMap.blank` makes them so again.
"""

from .drops import FecDrop
from .flexfec import read_flexfec, write_flexfec
from .parity import Parity, make_parity
from .recovery import Recovery
from .ulpfec import read_ulpfec, write_ulpfec

__all__ = [
    "FecDrop",
    "Parity",
    "Recovery",
    "make_parity",
    "read_flexfec",
    "read_ulpfec",
    "write_flexfec",
    "write_ulpfec",
]
