"""Refusals of promises, hand-overs and returns."""

from __future__ import annotations

from inventory.errors import IllegalTransition
from omniretail.problems import DomainError

__all__ = ["IllegalTransition"]


class OverPick(DomainError):
    """More was picked than this line asks for. `lines` says how many are still wanted."""

    code = "over_pick"
    title = "More than asked"


class PickingIncomplete(DomainError):
    """Some units are neither picked nor recorded as short. `lines` says what is missing.

    Pick them, or record the short pick first: what is not in the box must be sourced elsewhere.
    """

    code = "picking_incomplete"
    title = "Not everything is picked"


class NothingToPick(DomainError):
    """No open fulfilment is waiting here, or another picker has just taken them all."""

    code = "nothing_to_pick"
    title = "Nothing to pick"


class PickListIncomplete(DomainError):
    """Some lines are neither picked nor recorded as short. `lines` says which."""

    code = "pick_list_incomplete"
    title = "Pick list not finished"


class WrongPickupCode(DomainError):
    """This is not the code of this pickup. `remaining_tries` says how many guesses are left."""

    code = "wrong_pickup_code"
    status = 403
    title = "Wrong pickup code"
    # The guess must stay counted, else codes could be guessed for ever.
    keeps_effect = True


class PickupLocked(DomainError):
    """Too many wrong codes were given. Check the customer's identity and send `id_checked_by`."""

    code = "pickup_locked"
    status = 403
    title = "Pickup locked"
