"""Refusals of promises, hand-overs and returns."""

from __future__ import annotations

from core.problems.catalogue import DomainError
from inventory.errors import IllegalTransition

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


class ExceedsLine(DomainError):
    """More units are named than this fulfilment still has on that line. `lines` says how many."""

    code = "exceeds_line"
    title = "More than the line has"


class ReservationBroken(DomainError):
    """A count has just found fewer goods than were promised here.

    Read the fulfilment again: its units are being sourced elsewhere.
    """

    code = "claim_broken"
    title = "Goods not there any more"


class LineSettled(DomainError):
    """Every unit of this pick list line is picked, short or no longer wanted."""

    code = "line_settled"
    title = "Nothing left to pick"


class LineClosed(DomainError):
    """A scan can be undone until its line is short or its box closed, a short until the box is."""

    code = "line_closed"
    title = "Too late to undo"


class ShortSettled(DomainError):
    """The units are not missing any more: a count has found them, or written them off.

    What was found since is recorded by a count.
    """

    code = "short_settled"
    title = "Counted meanwhile"


class LookAlsoIn(DomainError):
    """The goods lie in other bins too. `bins` says in which, in walking order.

    Look there, and send their codes as `looked_in`, or `everywhere`.
    """

    code = "look_also_in"
    title = "Look in the other bins"


class OtherPersonsList(DomainError):
    """The pick list is another person's work. `person` says whose; they can hand it on."""

    code = "other_persons_list"
    status = 403
    title = "Another person's pick list"


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
    # The wrong guess must be committed, else codes could be guessed without limit.
    keeps_effect = True


class PickupLocked(DomainError):
    """Too many wrong codes were given. Check an identity document and send `identity`."""

    code = "pickup_locked"
    status = 403
    title = "Pickup locked"


class SecondPersonRequired(DomainError):
    """Here two people look at the document: a colleague who is signed in confirms it first.

    `POST /fulfilments/{id}/confirm-identity`, with the same kind of document, in the last minutes.
    """

    code = "second_person_required"
    status = 403
    title = "A second person must confirm"


class AmbiguousPickupCode(DomainError):
    """Parcels of different customers wait there under this code.

    Name the customer's in `fulfilments`, or read the QR code: it fits one customer alone.
    """

    code = "ambiguous_pickup_code"
    title = "Code of several customers"


class PickupNotOver(DomainError):
    """The customer may still collect.

    `pickup_expires_at` says until when; null: until further notice, because the shop stays closed.
    To end it early, cancel the fulfilment with a reason. To give it more time, extend it.
    """

    code = "pickup_not_over"
    title = "Still to be collected"


class PartlyHandedOver(DomainError):
    """The customer has a part of it already, so the rest cannot move to another shop.

    Hand over the rest here, or cancel it and place another order.
    """

    code = "partly_handed_over"
    title = "Partly handed over"


class ExternalIdConflict(DomainError):
    """This channel has placed another order under this external id. `order` is its number."""

    code = "external_id_conflict"
    title = "External id used otherwise"


class NothingToCancel(DomainError):
    """None of what was asked can be cancelled any more. `lines` says what still can be."""

    code = "nothing_to_cancel"
    title = "Too late to cancel"


class NotReturnable(DomainError):
    """These goods cannot come back like this.

    `reason` says why: `nothing_to_return` (nothing of the order has left), `not_in_order`,
    `too_many` (more than the customer can still give back), `outside_window` (too late; a
    client with the scope `returns:override` may still), `not_announced` (only announced units
    can be missing). `lines` says how many of what was asked are `returnable`.
    """

    code = "not_returnable"
    title = "Not returnable"


class ExchangeExceedsReturn(DomainError):
    """The order takes more than its return has received and not given back yet.

    `left` says how many units are left, and their value at the returned order's prices (null where
    no price is known), `requested` what the order asks for.
    """

    code = "exchange_exceeds_return"
    title = "More than came back"


class NotInInspection(DomainError):
    """Fewer units are waiting for a decision there. `lines` says how many are."""

    code = "not_in_inspection"
    title = "Not in inspection"


class SerialNotSold(DomainError):
    """This serial number is not among the goods that this return takes back.

    It is in another order, or has come back already. `serial` says which.
    """

    code = "serial_not_sold"
    title = "Other goods"
