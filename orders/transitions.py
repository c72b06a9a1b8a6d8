"""The life cycles of fulfilments, pick lists and returns: which action leads from where to where.

Pure tables. Commands check amounts and places: an action that the table allows may
still be refused because, say, not everything is picked.
"""

from __future__ import annotations

from collections.abc import Mapping

from orders.errors import IllegalTransition

Transitions = Mapping[str, str]  # action -> next state
LifeCycle = Mapping[str, Transitions]  # state -> transitions

CANCEL = "cancel"
ARRIVE = "arrive"  # no action of the fulfilment's own endpoint: units arrive with their transfer
MOVE = "move"
RESOLVE = "resolution"  # an exchange becomes a refund
# No step: it may follow in any state, while units lie where they are not wanted any more.
PUT_BACK = "put-back"
_ELSEWHERE = (ARRIVE,)

SHIP_TO_STORE = "ship_to_store"

# Until the goods leave the building they can be given up or cancelled.
_STOP: Transitions = {"reject": "rejected", CANCEL: "cancelled"}

_SHIP: LifeCycle = {
    "open": {"accept": "open", "pick": "picking", **_STOP},
    "picking": {"pick": "picking", "pack": "packed", **_STOP},
    "packed": {"ship": "shipped", "unpack": "picking", **_STOP},
    "shipped": {"deliver": "delivered", "lost": "lost", "returning": "returning"},
    "lost": {"found": "found"},
}

# A pickup that moves to another shop is sent there: it goes on as `_SHIP_TO_STORE`.
_PICKUP: LifeCycle = {
    "open": {"accept": "open", "pick": "picking", "ready": "ready", MOVE: "open", **_STOP},
    "picking": {"pick": "picking", "ready": "ready", MOVE: "picking", **_STOP},
    "ready": {
        "collect": "collected",
        "expire": "expired",
        "extend": "ready",
        "unpack": "picking",
        MOVE: "picking",
        **_STOP,
    },
}

# A pickup whose goods come from another building, on a transfer. One that moves to the building
# where its goods are goes on as `_PICKUP`.
_SHIP_TO_STORE: LifeCycle = {
    "open": {"accept": "open", "pick": "picking", MOVE: "open", **_STOP},
    "picking": {"pick": "picking", "pack": "packed", MOVE: "picking", **_STOP},
    "packed": {"ship": "in_transit", "unpack": "picking", MOVE: "picking", **_STOP},
    "in_transit": {ARRIVE: "ready", "turn-back": "packed", CANCEL: "cancelled"},
    # Ready automatically when all units have arrived; a repeat sets the bay.
    "ready": {
        "ready": "ready",
        "collect": "collected",
        "expire": "expired",
        "extend": "ready",
        MOVE: "picking",
        **_STOP,
    },
}

FULFILMENT: Mapping[str, LifeCycle] = {
    "ship": _SHIP,
    "same_day": _SHIP,
    "pickup": _PICKUP,
    SHIP_TO_STORE: _SHIP_TO_STORE,
    # A till sale is placed and fulfilled in one transaction: it has no other state.
    "carry_out": {},
}

_UNDER_WAY = {
    "scan": "in_progress",
    "short": "in_progress",
    "complete": "completed",
    "abandon": "abandoned",
}
PICK_LIST: LifeCycle = {
    "open": {**_UNDER_WAY, "assign": "open", "undo": "open"},
    "in_progress": {**_UNDER_WAY, "assign": "in_progress", "undo": "in_progress"},
}

RETURN: LifeCycle = {
    "requested": {"authorise": "authorised", CANCEL: "cancelled"},
    "authorised": {"receive": "received", RESOLVE: "authorised", CANCEL: "cancelled"},
    # Blind returns start here. Goods may come in several parcels and be inspected later.
    "received": {
        "receive": "received",
        "dispose": "received",
        RESOLVE: "received",
        "close": "closed",
    },
    "closed": {RESOLVE: "closed"},
}


def life_cycle_of(type: str, *, sent: bool) -> str:
    """Return which life cycle a fulfilment has: its type's, unless its goods are `sent` first."""
    return SHIP_TO_STORE if sent else type


def fulfilment_actions(life_cycle: str, state: str, *, to_put_back: bool = False) -> list[str]:
    """Return the actions that a fulfilment's own endpoint allows, in working order."""
    steps = FULFILMENT[life_cycle].get(state, {})
    actions = [action for action in steps if action not in _ELSEWHERE]
    return [*actions, PUT_BACK] if to_put_back else actions


def next_fulfilment_state(life_cycle: str, state: str, action: str) -> str:
    """Return where `action` leads; raise `IllegalTransition` naming what the state allows.

    A reject or a collect of some lines only does not take the step: the fulfilment stays.
    """
    transitions = FULFILMENT[life_cycle].get(state, {})
    if action not in transitions:
        raise IllegalTransition(
            f"A fulfilment that is {state} cannot be asked to {action}.",
            state=state,
            allowed_actions=fulfilment_actions(life_cycle, state),
        )
    return transitions[action]


def may_fulfilment(life_cycle: str, state: str, action: str) -> bool:
    """Say whether the table allows `action`; `CANCEL` until the customer or a carrier has it."""
    return action in FULFILMENT[life_cycle].get(state, {})


def pick_list_actions(state: str) -> list[str]:
    """Return the actions that the state of a pick list allows, in working order."""
    return list(PICK_LIST.get(state, {}))


def next_pick_list_state(state: str, action: str) -> str:
    """Return where `action` leads; raise `IllegalTransition` naming what the state allows."""
    transitions = PICK_LIST.get(state, {})
    if action not in transitions:
        raise IllegalTransition(
            f"A pick list that is {state} cannot be asked to {action}.",
            state=state,
            allowed_actions=pick_list_actions(state),
        )
    return transitions[action]


def return_actions(state: str, *, exchange: bool = False) -> list[str]:
    """Return the actions that the state of a return allows, in working order; of an exchange also
    the one that makes it a refund."""
    return [action for action in RETURN.get(state, {}) if exchange or action != RESOLVE]


def next_return_state(state: str, action: str) -> str:
    """Return where `action` leads; raise `IllegalTransition` naming what the state allows."""
    transitions = RETURN.get(state, {})
    if action not in transitions:
        raise IllegalTransition(
            f"A return that is {state} cannot be asked to {action}.",
            state=state,
            allowed_actions=return_actions(state),
        )
    return transitions[action]
