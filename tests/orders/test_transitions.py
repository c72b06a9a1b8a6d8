"""The tables of the life cycles, by themselves."""

from __future__ import annotations

import pytest

from inventory.choices import ENDED, LIVE, ReservationState
from orders.choices import FulfilmentState, PickListState, ReturnState
from orders.errors import IllegalTransition
from orders.models.fulfilment import CAME_TO_NOTHING, FINISHED, UNFINISHED
from orders.transitions import (
    ARRIVE,
    CANCEL,
    FULFILMENT,
    PICK_LIST,
    PUT_BACK,
    RETURN,
    SHIP_TO_STORE,
    fulfilment_actions,
    life_cycle_of,
    may_fulfilment,
    next_fulfilment_state,
    next_pick_list_state,
    next_return_state,
    pick_list_actions,
    return_actions,
)


def walk(type_: str, *actions: str) -> list[str]:
    states = ["open"]
    for action in actions:
        states.append(next_fulfilment_state(type_, states[-1], action))
    return states


@pytest.mark.parametrize("type_", ["ship", "same_day"])
def test_a_parcel_goes_from_the_shelf_to_the_customer(type_: str) -> None:
    assert walk(type_, "accept", "pick", "pick", "pack", "ship", "deliver") == [
        "open", "open", "picking", "picking", "packed", "shipped", "delivered",
    ]  # fmt: skip


def test_a_pickup_waits_for_its_customer() -> None:
    assert walk("pickup", "accept", "pick", "ready", "collect") == [
        "open", "open", "picking", "ready", "collected",
    ]  # fmt: skip
    assert next_fulfilment_state("pickup", "ready", "expire") == "expired"


def test_a_pickup_from_another_building_travels_first() -> None:
    assert walk(SHIP_TO_STORE, "pick", "pack", "ship", ARRIVE, "ready", "collect") == [
        "open", "picking", "packed", "in_transit", "ready", "ready", "collected",
    ]  # fmt: skip
    assert life_cycle_of("pickup", sent=True) == SHIP_TO_STORE
    assert life_cycle_of("pickup", sent=False) == "pickup"
    assert fulfilment_actions(SHIP_TO_STORE, "in_transit") == ["turn-back", "cancel"]


@pytest.mark.parametrize(
    ("type_", "state", "action"),
    [
        ("ship", "open", "pack"),
        ("ship", "picking", "ship"),
        ("ship", "shipped", "reject"),
        ("ship", "shipped", "cancel"),
        ("ship", "picking", "unpack"),
        ("ship", "packed", "lost"),
        ("ship", "delivered", "lost"),
        ("ship", "packed", "move"),
        (SHIP_TO_STORE, "in_transit", "reject"),
        (SHIP_TO_STORE, "in_transit", "move"),
        (SHIP_TO_STORE, "ready", "unpack"),
        ("ship", "shipped", "ship"),
        ("ship", "open", "ready"),
        ("pickup", "picking", "pack"),
        ("pickup", "picking", "extend"),
        ("pickup", "collected", "collect"),
        ("pickup", "open", "ship"),
        ("carry_out", "collected", "collect"),
        ("ship", "open", "no such action"),
    ],
)
def test_a_step_out_of_turn_names_what_is_possible(type_: str, state: str, action: str) -> None:
    with pytest.raises(IllegalTransition) as refusal:
        next_fulfilment_state(type_, state, action)
    assert refusal.value.data == {
        "state": state,
        "allowed_actions": fulfilment_actions(type_, state),
    }
    assert refusal.value.status == 409
    assert refusal.value.code == "illegal_transition"


@pytest.mark.parametrize("type_", FULFILMENT)
@pytest.mark.parametrize("state", FulfilmentState.values)
def test_what_is_allowed_can_be_done_and_nothing_else(type_: str, state: str) -> None:
    every = {action for steps in FULFILMENT[type_].values() for action in steps}
    for action in every:
        if may_fulfilment(type_, state, action):
            assert next_fulfilment_state(type_, state, action) in FulfilmentState.values
        else:
            with pytest.raises(IllegalTransition):
                next_fulfilment_state(type_, state, action)
    assert ARRIVE not in fulfilment_actions(type_, state)
    assert (CANCEL in fulfilment_actions(type_, state)) == may_fulfilment(type_, state, CANCEL)
    assert PUT_BACK not in fulfilment_actions(type_, state)
    assert fulfilment_actions(type_, state, to_put_back=True)[-1] == PUT_BACK


@pytest.mark.parametrize(
    "state", ["shipped", "delivered", "collected", "rejected", "cancelled", "expired"]
)
def test_what_has_left_cannot_be_cancelled(state: str) -> None:
    assert not any(may_fulfilment(type_, state, CANCEL) for type_ in FULFILMENT)


@pytest.mark.parametrize("state", ["open", "picking", "packed", "in_transit", "ready"])
def test_what_has_not_left_can_be_cancelled(state: str) -> None:
    possible = {type_ for type_ in FULFILMENT if may_fulfilment(type_, state, CANCEL)}
    assert SHIP_TO_STORE in possible
    assert ("ship" in possible) == (state in ("open", "picking", "packed"))
    assert ("pickup" in possible) == (state in ("open", "picking", "ready"))


def test_a_pick_list_ends_completed() -> None:
    assert pick_list_actions("open") == [
        "scan", "short", "complete", "abandon", "assign", "undo",
    ]  # fmt: skip
    assert next_pick_list_state("open", "scan") == "in_progress"
    assert next_pick_list_state("in_progress", "complete") == "completed"
    assert pick_list_actions("completed") == []
    with pytest.raises(IllegalTransition):
        next_pick_list_state("completed", "short")
    assert set(PICK_LIST) <= set(PickListState.values)


def test_a_return_ends_closed() -> None:
    assert next_return_state("requested", "authorise") == "authorised"
    assert next_return_state("authorised", "receive") == "received"
    assert next_return_state("received", "close") == "closed"
    assert return_actions("closed") == []
    assert return_actions("closed", exchange=True) == ["resolution"]
    with pytest.raises(IllegalTransition):
        next_return_state("closed", "receive")
    reached = {state for steps in RETURN.values() for state in steps.values()}
    assert set(RETURN) | reached == set(ReturnState.values)


def test_every_state_is_under_way_or_over() -> None:
    """Lists name both halves: a state in neither would be in no list."""
    assert sorted(UNFINISHED + FINISHED) == sorted(FulfilmentState.values)
    assert set(CAME_TO_NOTHING) < set(FINISHED)
    assert sorted(LIVE + ENDED) == sorted(ReservationState)
