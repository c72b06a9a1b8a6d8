"""Choices of the stock pool."""

from __future__ import annotations

from django.db import models


class Reason(models.TextChoices):
    """Why a balance moved. The first group is chosen by commands, the second by people."""

    RECEIPT = "receipt", "Goods in"
    RESERVED = "reserved", "Promised to a cart or an order"
    RELEASED = "released", "No longer promised"
    EXPIRED = "expired", "The cart's hold ran out"
    BROKEN = "broken", "The claim broke: fewer were there"
    SHIPPED = "shipped", "Left with a carrier"
    COLLECTED = "collected", "Handed over to the customer"
    CARRIED_OUT = "carried_out", "Sold at the till"
    RETURNED = "returned", "Came back from a customer"
    TRANSFER_OUT = "transfer_out", "Left for another location"
    TRANSFER_IN = "transfer_in", "Arrived from another location"
    TRANSFER_SURPLUS = "transfer_surplus", "Arrived from another location beyond what was sent"
    TRANSFER_LOSS = "transfer_loss", "Lost on the way"
    COUNT = "cycle_count", "Counted"
    MISSING = "missing", "Not found by a picker"
    UNRECORDED = "unrecorded", "Sold at the till, and not in the record"
    CARRIED_FORWARD = "carried_forward", "Sum of movements that are archived"

    DAMAGED = "damaged", "Damaged"
    INSPECTION = "inspection", "In inspection"
    QUARANTINE = "quarantine", "Held back"
    RESTOCKED = "restocked", "Put back on sale"
    FOUND = "found", "Found"
    LOST = "lost", "Lost or stolen"
    SCRAPPED = "scrapped", "Thrown away"
    TO_VENDOR = "to_vendor", "Sent back to the supplier"
    CORRECTION = "correction", "Correction of a mistake"
    OPENING = "opening_balance", "First record of what is there"
    OTHER = "other", "Other"


# The reasons that a person or a client may give for an adjustment.
ADJUSTMENT_REASONS = (
    Reason.DAMAGED,
    Reason.INSPECTION,
    Reason.QUARANTINE,
    Reason.RESTOCKED,
    Reason.MISSING,
    Reason.FOUND,
    Reason.LOST,
    Reason.SCRAPPED,
    Reason.TO_VENDOR,
    Reason.CORRECTION,
    Reason.OPENING,
    Reason.OTHER,
)


class AbcClass(models.TextChoices):
    """A SKU's share of the turnover, as the retailer ranks it."""

    A = "A", "A: sells most"
    B = "B", "B: in between"
    C = "C", "C: the long tail"


class Condition(models.TextChoices):
    """The condition of a unit that may not be sold. Each is a reason of the ledger too."""

    DAMAGED = Reason.DAMAGED.value, "Damaged"  # not fit for sale
    INSPECTION = Reason.INSPECTION.value, "In inspection"  # still to be inspected
    QUARANTINE = Reason.QUARANTINE.value, "Held back"  # blocked, whether fit or not
    MISSING = Reason.MISSING.value, "Missing"  # not found where it should be


class KeepKind(models.TextChoices):
    SAFETY_STOCK = "safety_stock", "Safety stock"  # no channel may promise it
    RING_FENCE = "ring_fence", "Ring fence"  # one channel alone may


class KeepState(models.TextChoices):
    UPCOMING = "upcoming", "Upcoming"  # begins later
    ACTIVE = "active", "Active"  # keeps units now
    OVER = "over", "Over"  # ended, its units are released


class ReservationState(models.TextChoices):
    HELD = "held", "Held"  # a cart has it, until it expires
    CONFIRMED = "confirmed", "Confirmed"  # an order has it
    CONSUMED = "consumed", "Consumed"  # the goods have left the building
    RELEASED = "released", "Released"  # given back on purpose
    EXPIRED = "expired", "Expired"  # the cart took too long
    BROKEN = "broken", "Broken"  # the goods were not found


class Grip(models.IntegerChoices):
    """How sure the goods of a live reservation are; the lowest breaks first."""

    CART = 0, "Cart"  # nothing but time holds it
    OPEN = 1, "Open"  # an order has it, the goods are on the shelf
    PICKED = 2, "Picked"  # taken from the shelf
    SECURED = 3, "Secured"  # in a closed box, or waiting in a bay


LIVE = (ReservationState.HELD, ReservationState.CONFIRMED)
ENDED = (
    ReservationState.CONSUMED,
    ReservationState.RELEASED,
    ReservationState.EXPIRED,
    ReservationState.BROKEN,
)


class TransferState(models.TextChoices):
    DRAFT = "draft", "Draft"  # drafted, nothing has moved
    IN_TRANSIT = "in_transit", "In transit"  # left, not all of it has arrived
    RECEIVED = "received", "Received"  # all of it is accounted for
    CANCELLED = "cancelled", "Cancelled"  # never left


class DeliveryState(models.TextChoices):
    EXPECTED = "expected", "Expected"  # announced, nothing has come
    RECEIVING = "receiving", "Receiving"  # some of it has come, more is awaited
    RECEIVED = "received", "Received"  # all of it has come, or the rest is not expected any more
    CANCELLED = "cancelled", "Cancelled"  # cancelled before anything came


AWAITED = (DeliveryState.EXPECTED, DeliveryState.RECEIVING)


class CountState(models.TextChoices):
    OPEN = "open", "Being counted"  # people enter figures, without seeing the record
    REVIEW = "review", "In review"  # compared with the record, waits to be applied
    APPLIED = "applied", "Applied"  # the record was corrected to the count
    CANCELLED = "cancelled", "Cancelled"  # cancelled, nothing changed


class TransferVerdict(models.TextChoices):
    """The result of a transfer scan: `load` at the source, `unload` at the destination."""

    ACCEPTED = "accepted", "Accepted"
    DUPLICATE = "duplicate", "Same scan again"
    WRONG_ITEM = "wrong_item", "Not on this transfer"
    OVER_LOAD = "over_load", "More than drafted"
    OVER_UNLOAD = "over_unload", "More than is on its way"
    UNKNOWN_BARCODE = "unknown_barcode", "Unknown barcode"


class LabelStep(models.TextChoices):
    """Where the label of units was read."""

    RECEIVED = "received", "Received"  # goods in
    COUNTED = "counted", "Counted"
    LOADED = "loaded", "Loaded"  # on a transfer, at its source
    UNLOADED = "unloaded", "Unloaded"  # from a transfer, at its destination
    PICKED = "picked", "Picked"  # for an order
    PUT_BACK = "put_back", "Put back"  # the pick was undone
    RETURNED = "returned", "Returned"  # came back from a customer
