"""What stands for the shop's id of an order that was erased.

It says nothing, and still the same order sent again is known by it: a shop's queue may repeat an
order when its customer has been erased, and must not place it a second time.
"""

from __future__ import annotations

import re

from django.utils.crypto import salted_hmac

ERASED = "erased:"
_NAME = re.compile(r"erased:[0-9a-f]{40}")


def erased_name(external_id: str) -> str:
    """Return the name that an erased order keeps: a keyed digest; of such a name itself."""
    if _NAME.fullmatch(external_id):
        return external_id
    mac = salted_hmac("orders.erased_names", external_id, algorithm="sha256")
    return f"{ERASED}{mac.hexdigest()[:40]}"
