"""Who is shown customers' names, addresses and contacts."""

from __future__ import annotations

from core.access.principal import Principal
from core.access.scopes import READS_CUSTOMERS


def reads_customers(actor: Principal, *, for_work: bool = False) -> bool:
    """Say whether an actor is shown personal data as it is.

    Here, and nowhere else, it is decided that personal data leaves unmasked: documents, pages,
    files. `for_work`: what the actor is doing cannot be done without it, and who may do that has
    been checked.
    """
    return for_work or actor.may(READS_CUSTOMERS)
