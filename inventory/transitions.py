"""The life cycles of transfers and deliveries: which action leads from which state to which.

Pure tables.
"""

from __future__ import annotations

from collections.abc import Mapping

from inventory.choices import DeliveryState, TransferState
from inventory.errors import IllegalTransition

# A receipt of some of the goods leaves the transfer in transit: `receive` names where the last
# of it leads.
TRANSFER: Mapping[str, Mapping[str, str]] = {
    TransferState.DRAFT: {
        "dispatch": TransferState.IN_TRANSIT,
        "cancel": TransferState.CANCELLED,
    },
    TransferState.IN_TRANSIT: {"receive": TransferState.RECEIVED},
    TransferState.RECEIVED: {},
    TransferState.CANCELLED: {},
}

# Goods of a delivery are taken in whenever they come, also after everybody has stopped waiting:
# nobody sends a pallet back for its papers. What came of a cancelled one is a receipt by itself.
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


def transfer_actions(state: str) -> list[str]:
    """Return what may be asked of a transfer, in the order of the work."""
    return list(TRANSFER[state])


def next_transfer_state(state: str, action: str) -> str:
    """Return where `action` leads; `IllegalTransition` names the state and what it allows."""
    steps = TRANSFER[state]
    if action not in steps:
        raise IllegalTransition(
            f"A transfer that is {state} cannot be asked to {action}.",
            state=str(state),
            allowed_actions=transfer_actions(state),
        )
    return steps[action]


def delivery_actions(state: str) -> list[str]:
    """Return what may be asked of a delivery, in the order of the work."""
    return list(DELIVERY[state])


def next_delivery_state(state: str, action: str) -> str:
    """Return where `action` leads; `IllegalTransition` names the state and what it allows."""
    steps = DELIVERY[state]
    if action not in steps:
        raise IllegalTransition(
            f"A delivery that is {state} cannot be asked to {action}.",
            state=str(state),
            allowed_actions=delivery_actions(state),
        )
    return steps[action]
