"""What was odd about a remote description and was taken nevertheless, in words for a log."""

from peer.jsep.description import Section, SessionDescription
from peer.jsep.state import State
from peer.jsep.validation import restarts
from peer.jsep.wiring import DtlsRole
from sdp import Setup, bundle_mids


def oddities(before: State, description: SessionDescription) -> tuple[str, ...]:
    """Tell what was let pass in a remote description that was set in the state `before`."""
    record = description.record
    lines = [f"line {number}: {reason}" for number, reason in record.tolerated]
    bundled = bundle_mids(record.groups)
    for section in description.sections:
        if section.rejected and section.media.mid in bundled:
            lines.append(f"section {section.mid}: rejected, and yet in a BUNDLE group")
        elif section.mid == section.owner and _turns_role(before, section):
            lines.append(f"section {section.mid}: a=setup turns the DTLS role of an association")
    return tuple(lines)


def _turns_role(state: State, section: Section) -> bool:
    """Tell whether a section wants another DTLS role without an ICE restart (RFC 8842 §5.5)."""
    transport = state.wiring.transport_of(section.mid)
    if transport is None or transport.dtls is None or restarts(transport, section):
        return False
    ours = Setup.ACTIVE if transport.dtls.role is DtlsRole.CLIENT else Setup.PASSIVE
    return section.media.dtls.setup is ours
