"""What an embedded server cannot do, in one line a person can act on."""

from __future__ import annotations


class EmbeddedError(Exception):
    """An embedded server could not start, stop or be found; the text says what to do."""
