"""Bounds on the work a description may cause; a larger one is refused or cut."""

MAX_LENGTH = 1 << 20
"""Bytes of a whole description."""
MAX_LINE_LENGTH = 1 << 14
"""Characters of one line."""
MAX_LINES = 1 << 16
MAX_MEDIA_SECTIONS = 1000
MAX_FORMATS = 1000
"""Formats of one m= line."""
MAX_GROUPS = 32
MAX_GROUP_MIDS = 1000
MAX_CANDIDATES = 512
"""Candidates kept of one media section; more are dropped."""
MAX_WILDCARD_FEEDBACK = 32
"""Different a=rtcp-fb:* values kept of one media section; more are dropped."""
