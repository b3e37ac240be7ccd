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

The sending side (`groups`) collects the packets of one or several pictures and makes parities
of them. Which packets go into which parity decides how many losses it stands: each packet is in
several parities, no two packets in the same ones (`masks`). `strength` says how much of the rate
that is worth, by losses and round trip, or by the time that repair takes (`repair_time`).

Packets are what the sender summed up before it wrote numbers and times of sending into them:
`ExtensionMap.blank` makes them so again.
"""

from .drops import FecDrop
from .flexfec import MAX_HEADER as FLEXFEC_HEADER
from .flexfec import read_flexfec, write_flexfec
from .groups import Groups
from .parity import HEADER as SUMMED_HEADER
from .parity import Parity, make_parity
from .recovery import Recovery
from .repair_time import RepairTime
from .strength import protection
from .ulpfec import MAX_HEADER as ULPFEC_HEADER
from .ulpfec import read_ulpfec, write_ulpfec

__all__ = [
    "FLEXFEC_HEADER",
    "SUMMED_HEADER",
    "ULPFEC_HEADER",
    "FecDrop",
    "Groups",
    "Parity",
    "Recovery",
    "RepairTime",
    "protection",
    "make_parity",
    "read_flexfec",
    "read_ulpfec",
    "write_flexfec",
    "write_ulpfec",
]
