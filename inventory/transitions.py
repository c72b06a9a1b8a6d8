"""The life cycles of the stock pool: which action leads from which state to which. Pure tables."""

from __future__ import annotations

from collections.abc import Mapping

from inventory.choices import CountState, DeliveryState, TransferState
from inventory.errors import IllegalTransition

# A receipt of some of the goods leaves the transfer in transit: `receive` names where the last
# of it leads.
TRANSFER: Mapping[str, Mapping[str, str]] = {
    TransferState.DRAFT: {
        "scan": TransferState.DRAFT,
        "dispatch": TransferState.IN_TRANSIT,
        "cancel": TransferState.CANCELLED,
    },
    TransferState.IN_TRANSIT: {
        "scan": TransferState.IN_TRANSIT,
        "receive": TransferState.RECEIVED,
        # To where it came from. Received, if a part of it has arrived before.
        "turn-back": TransferState.CANCELLED,
    },
    TransferState.RECEIVED: {},
    TransferState.CANCELLED: {},
}

# Of a transfer that was closed with a loss: what was written off may turn up.
_WITH_LOSS: Mapping[str, Mapping[str, str]] = {
    **TRANSFER,
    TransferState.RECEIVED: {"receive": TransferState.RECEIVED},
}

# Goods of a delivery may be received at any time, also after it was closed:
# late pallets are not sent back. Goods of a cancelled one are received without it.
DELIVERY: Mapping[str, Mapping[str, str]] = {
    DeliveryState.EXPECTED: {
        "receive": DeliveryState.RECEIVING,
        "cancel": DeliveryState.CANCELLED,
    },
    DeliveryState.RECEIVING: {
        "receive": DeliveryState.RECEIVING,
        "close": DeliveryState.RECEIVED,
    },
    DeliveryState.RECEIVED: {"receive": DeliveryState.RECEIVED},
    DeliveryState.CANCELLED: {},
}


# A recount leads back: the people who count do not see the figures of the review.
COUNT: Mapping[str, Mapping[str, str]] = {
    CountState.OPEN: {
        "enter": CountState.OPEN,
        "submit": CountState.REVIEW,
        "cancel": CountState.CANCELLED,
    },
    CountState.REVIEW: {
        "approve": CountState.REVIEW,
        "recount": CountState.OPEN,
        "apply": CountState.APPLIED,
        "cancel": CountState.CANCELLED,
    },
    CountState.APPLIED: {},
    CountState.CANCELLED: {},
}


def transfer_actions(state: str, *, with_loss: bool = False) -> list[str]:
    """Return the actions that the state of a transfer allows, in working order."""
    return list((_WITH_LOSS if with_loss else TRANSFER)[state])


def next_transfer_state(state: str, action: str, *, with_loss: bool = False) -> str:
    """Return where `action` leads; `IllegalTransition` names the state and what it allows."""
    return _next_state(_WITH_LOSS if with_loss else TRANSFER, "transfer", state, action)


def count_actions(state: str) -> list[str]:
    """Return the actions that the state of a count allows, in working order."""
    return list(COUNT[state])


def next_count_state(state: str, action: str) -> str:
    """Return where `action` leads; `IllegalTransition` names the state and what it allows."""
    return _next_state(COUNT, "count", state, action)


def delivery_actions(state: str) -> list[str]:
    """Return the actions that the state of a delivery allows, in working order."""
    return list(DELIVERY[state])


def next_delivery_state(state: str, action: str) -> str:
    """Return where `action` leads; `IllegalTransition` names the state and what it allows."""
    return _next_state(DELIVERY, "delivery", state, action)


def _next_state(table: Mapping[str, Mapping[str, str]], kind: str, state: str, action: str) -> str:
    transitions = table[state]
    if action not in transitions:
        raise IllegalTransition(
            f"A {kind} that is {state} cannot be asked to {action}.",
            state=str(state),
            allowed_actions=list(transitions),
        )
    return transitions[action]
