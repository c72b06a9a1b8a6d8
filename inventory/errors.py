"""Refusals of the stock pool."""

from __future__ import annotations

from core.problems.catalogue import DomainError


class InsufficientStock(DomainError):
    """There is not enough to promise. `lines` says what was asked and what could be had."""

    code = "insufficient_stock"
    title = "Not enough stock"


class StaleQuantity(DomainError):
    """The record is no longer what the count expected. `lines` shows what it is now.

    Look again, and send the count with the current figure, or without `expected`.
    """

    code = "stale_quantity"
    title = "Record has moved on"


class CountedTooEarly(DomainError):
    """A count is from before the pool's first record of what was counted.

    `lines` shows from when on there is one. What came since would be added to the figure: count
    again, or correct the time.
    """

    code = "counted_too_early"
    status = 422
    title = "Counted before the first record"


class BalanceOutOfRange(DomainError):
    """This change would take a balance below zero, or beyond what can be counted."""

    code = "balance_out_of_range"
    title = "Balance out of range"


class ReservationNotLive(DomainError):
    """This reservation has expired, was released or was turned into an order already.

    An order may name one that has just expired, as long as its goods are free.
    """

    code = "reservation_not_live"
    title = "Reservation is over"


class UnknownBarcode(DomainError):
    """No SKU, order, pickup or return carries this code."""

    code = "unknown_barcode"
    status = 404
    title = "Unknown barcode"


class BadCheckDigit(DomainError):
    """The last digit does not fit the others: the code was misread or mistyped. Scan it again."""

    code = "bad_check_digit"
    status = 422
    title = "Bad check digit"


class DamagedBarcode(DomainError):
    """This is what a spreadsheet or a form has left of a barcode. Enter it as it is printed."""

    code = "damaged_barcode"
    status = 422
    title = "Damaged barcode"


class BarcodeUnreadable(DomainError):
    """This is not the text of a barcode that this service reads."""

    code = "barcode_unreadable"
    status = 422
    title = "Unreadable barcode"


class BarcodeTaken(DomainError):
    """This barcode belongs to another SKU."""

    code = "barcode_taken"
    title = "Barcode taken"


class IllegalTransition(DomainError):
    """This cannot be done in this state. `allowed_actions` says what can."""

    code = "illegal_transition"
    title = "Not possible in this state"


class TransferExceeds(DomainError):
    """More, or something else, was received than is still on its way. `lines` says what.

    Count again; if it is so, send the receipt with `accept_surplus`.
    """

    code = "transfer_exceeds"
    title = "More than is on its way"


class NotInCondition(DomainError):
    """Fewer units are in this condition than were to be taken out of it.

    `lines` says how many are. `GET /stock/unavailable` tells where the others are.
    """

    code = "not_in_condition"
    title = "Not that many in this condition"


class DeliveryConflict(DomainError):
    """A delivery with this reference is expected at this location already, with other content.

    `delivery` is its id. The same announcement again is the same delivery; another one needs a
    reference of its own.
    """

    code = "delivery_conflict"
    title = "Delivery known with other content"


class NothingToCount(DomainError):
    """Nothing fits this choice: no picker has missed anything since then."""

    code = "nothing_to_count"
    title = "Nothing to count"


class NothingCounted(DomainError):
    """Nothing has been counted yet. Enter what lies there, zeros too, then submit."""

    code = "nothing_counted"
    title = "Nothing counted yet"


class CountIncomplete(DomainError):
    """Some SKUs were counted in one of their bins and not in the others.

    `lines` names the bins that are left. Count them, or mark them empty: a sum over some of the
    bins would take the others' units off the record.
    """

    code = "count_incomplete"
    title = "Bins left to count"


class CountedByYourself(DomainError):
    """A second pair of eyes is another person's: who has counted a line cannot approve it.

    `lines` names those of yours.
    """

    code = "counted_by_yourself"
    title = "Another person must approve"


class ApprovalNeeded(DomainError):
    """Some variances are so large that a second person must approve them first.

    `lines` shows them as they are now. A variance that has changed since it was approved is to
    be approved again.
    """

    code = "approval_needed"
    title = "Second pair of eyes needed"


class TransferPromised(DomainError):
    """This transfer brings goods that are promised to a customer: it leaves whole or not at all.

    `reference` says to whom, `lines` what is not loaded yet. It cannot be cancelled by itself:
    cancel the units of the order, and the draft follows.
    """

    code = "transfer_promised"
    title = "Goods are promised"


class NothingScanned(DomainError):
    """Nothing was scanned at this end of the transfer, so nothing can leave or arrive as scanned.

    Scan the goods first, or say in `lines` what has arrived.
    """

    code = "nothing_scanned"
    title = "Nothing scanned"


class NotInBin(DomainError):
    """The SKU does not lie in this bin, so it can be neither moved nor taken from there.

    It may have been moved meanwhile: read where it lies, and decide again.
    """

    code = "not_in_bin"
    title = "Not in this bin"
