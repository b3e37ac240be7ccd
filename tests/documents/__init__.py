"""The documentation: it builds, and what it shows runs."""

import pytest

# The stories are no test files, but assert.
pytest.register_assert_rewrite(
    *(f"{__name__}.{name}" for name in ("stories", "stories_of_joining", "stories_of_media"))
)
