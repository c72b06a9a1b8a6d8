"""Finding a person's words, in Python and in SQL alike."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

# What stands between two words of a name, also in the name of a file.
_BETWEEN = r"[ _.+-]+"


def is_identifying(text: str) -> bool:
    """Say whether a text identifies a person by itself: an e-mail, a full name, a number.

    A short single word does not: a customer called "web" must not erase the channel of that name.
    """
    return "@" in text or " " in text.strip() or (len(text) > 6 and bool(re.search(r"\d", text)))


def pattern_of(words: Iterable[str]) -> str | None:
    """Return a regular expression, of Python as of PostgreSQL, for those of the words that
    identify a person; None where none does. As they are, and as JSON writes them."""
    found = {word.strip() for word in words if is_identifying(word)}
    found |= {json.dumps(word, ensure_ascii=False)[1:-1] for word in found}
    longest_first = sorted(found, key=lambda word: (-len(word), word))
    return "|".join(_BETWEEN.join(map(_escaped, word.split())) for word in longest_first) or None


def _escaped(word: str) -> str:
    return re.sub(r"([^\w])", r"\\\1", word)
