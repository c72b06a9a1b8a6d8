"""Errors of the embedded servers, each one line that says what to do."""

from __future__ import annotations


class EmbeddedError(Exception):
    """An embedded server could not start, stop or be found; the text says what to do."""
