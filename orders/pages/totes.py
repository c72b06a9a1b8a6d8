"""How totes are named where people read: by letters, A to Z, then by numbers."""

from __future__ import annotations


def letter_of(tote: int) -> str:
    return chr(ord("A") + tote - 1) if 1 <= tote <= 26 else str(tote)
