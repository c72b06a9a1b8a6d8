"""Which members of documents say something of a person, wherever they stand: one list.

Masking shows less of them, erasing takes them away. A new one that is not listed here leaves
unmasked and outlives an erasure.
"""

from __future__ import annotations

PERSON = "customer"  # an object: name, e-mail, phone
ADDRESS = "ship_to"  # an object, as orders send it
WORDS = frozenset({"note", "collected_by"})  # texts that people wrote
# Where someone lives: distances from several known buildings would reveal it as well.
PLACES = frozenset({"destination", "distance_km"})
