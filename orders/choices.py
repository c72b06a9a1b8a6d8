"""Choices of orders, fulfilments, pick lists and returns."""

from __future__ import annotations

from django.db import models


class OrderState(models.TextChoices):
    """Derived from the lines, never stored."""

    OPEN = "open", "Open"  # all of it is reserved, none of it has left
    BACKORDERED = "backordered", "Backordered"  # something waits for stock
    PARTIALLY_FULFILLED = "partially_fulfilled", "Partly fulfilled"  # some of it has left
    COMPLETED = "completed", "Completed"  # all that was not cancelled has left
    RETURNED = "returned", "Returned"  # all that had left came back
    CANCELLED = "cancelled", "Cancelled"  # nothing of it will leave


class FulfilmentType(models.TextChoices):
    SHIP = "ship", "Ship"  # a parcel to the customer
    PICKUP = "pickup", "Pickup"  # the customer collects
    SAME_DAY = "same_day", "Same-day delivery"  # a courier, today
    CARRY_OUT = "carry_out", "Carry-out"  # a till sale: gone at once


class FulfilmentState(models.TextChoices):
    OPEN = "open", "Open"  # not begun
    PICKING = "picking", "Being picked"  # a person is picking
    PACKED = "packed", "Packed"  # the box is closed
    IN_TRANSIT = "in_transit", "On its way to the shop"  # left another building for the shop
    READY = "ready", "Ready for pickup"  # waits in a pickup bay
    SHIPPED = "shipped", "Shipped"  # a carrier has it
    DELIVERED = "delivered", "Delivered"  # the customer has it
    LOST = "lost", "Lost"  # the carrier lost it
    FOUND = "found", "Found again"  # lost, and back in a building after all
    RETURNING = "returning", "Coming back"  # refused or undeliverable: a return of its own
    COLLECTED = "collected", "Collected"  # the customer took it at the counter
    REJECTED = "rejected", "Rejected"  # the location could not supply it; sourced again elsewhere
    CANCELLED = "cancelled", "Cancelled"  # no longer wanted
    EXPIRED = "expired", "Expired"  # never collected; the goods are to be put back


class PickListState(models.TextChoices):
    OPEN = "open", "Open"  # printed or loaded, nothing scanned
    IN_PROGRESS = "in_progress", "In progress"  # at least one scan
    COMPLETED = "completed", "Completed"  # every line picked or short
    ABANDONED = "abandoned", "Given back"  # what was not picked is free for another list


class PickMode(models.TextChoices):
    SINGLE = "single", "One order"
    BATCH = "batch", "Several orders, one tote each"


class ScanVerdict(models.TextChoices):
    ACCEPTED = "accepted", "Accepted"
    DUPLICATE = "duplicate", "Same scan again"
    WRONG_ITEM = "wrong_item", "Not on this list"
    WRONG_TOTE = "wrong_tote", "For another tote"
    OVER_PICK = "over_pick", "More than asked"
    EXPIRED = "expired", "Past its date"
    UNKNOWN_BARCODE = "unknown_barcode", "Unknown barcode"


class RejectReason(models.TextChoices):
    NOT_FOUND = "not_found", "Not found"
    DAMAGED = "damaged", "Damaged"
    NO_CAPACITY = "no_capacity", "No capacity"
    OTHER = "other", "Other"


class IdentityDocument(models.TextChoices):
    PASSPORT = "passport", "Passport"
    ID_CARD = "id_card", "Identity card"
    DRIVING_LICENCE = "driving_licence", "Driving licence"
    OTHER = "other", "Other document"


class AfterLoss(models.TextChoices):
    """What a customer gets instead of a parcel that the carrier lost."""

    REFUND = "refund", "Refund"
    SEND_AGAIN = "send_again", "Sent again"


class ReturningReason(models.TextChoices):
    REFUSED = "refused", "Refused"
    UNDELIVERABLE = "undeliverable", "Undeliverable"


class ReturnState(models.TextChoices):
    REQUESTED = "requested", "Requested"  # the customer wants to; outside of the policy
    AUTHORISED = "authorised", "Authorised"  # goods may come
    RECEIVED = "received", "Received"  # some goods came
    CLOSED = "closed", "Closed"  # nothing more to do
    CANCELLED = "cancelled", "Cancelled"  # nothing ever came


class Resolution(models.TextChoices):
    REFUND = "refund", "Refund"
    EXCHANGE = "exchange", "Exchange"
    STORE_CREDIT = "store_credit", "Store credit"


class Disposition(models.TextChoices):
    RESTOCK = "restock", "Back on sale"
    INSPECT = "inspect", "To be inspected"
    DAMAGED = "damaged", "Damaged, kept apart"
    SCRAP = "scrap", "Thrown away"
    TO_VENDOR = "to_vendor", "Back to the supplier"
    MISSING = "missing", "Announced, but not in the parcel"


class DropOff(models.TextChoices):
    STORE = "store", "At a counter"
    PARCEL = "parcel", "By parcel"
