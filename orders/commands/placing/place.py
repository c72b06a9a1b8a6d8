"""Placing orders: always a set, one order being a set of one.

Plan outside of any lock; write the uncontended rows; touch the stock last. A plan that lost
its goods to another buyer is rolled back and made again with all locked that the set touches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, transaction
from msgspec import UNSET

from core.access.principal import Principal
from core.idempotency.execute import RetryWithSavepoints, begin_again, recalled
from core.metrics.counters import ORDERS_PLACED
from core.problems.catalogue import Conflict, DomainError
from inventory.commands.holds import RedeemedHold, end_stale_holds, redeem_hold
from inventory.errors import ReservationNotLive
from orders.commands.placing.existing_orders import ExistingOrder, find_existing
from orders.commands.placing.locking import (
    Also,
    Locked,
    RowsMissing,
    drop_unused_customers,
    lock_for_orders,
    refuse_missing_rows,
)
from orders.commands.placing.plan_units import ChannelAvailability
from orders.commands.placing.promises import destination_of
from orders.commands.placing.refusals import (
    missing_address,
    refuse_excess,
    unknown_places,
    unknown_skus,
)
from orders.commands.placing.requests import OrderRequest
from orders.commands.placing.shortages import insufficient_stock
from orders.commands.placing.write_orders import Accepted, LostRace, write_orders
from orders.commands.settling.change_stock import (
    ATTEMPTS,
    OthersConcerned,
    settle_with_owners,
)
from orders.errors import ExternalIdConflict
from orders.queries.documents import order_documents
from orders.sourcing import CARRY_OUT, Demand
from stores.queries.network import Network, current_network

LOSSES_BEFORE_GIVING_UP = 2
ERASED = b""  # what is left of the fingerprint of an order whose customer was erased
ALSO = "needed beside the orders' own"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request: 201 with the new order, 200 with an existing one, or a refusal."""

    status: int
    document: dict[str, Any] | None = None
    problem: DomainError | None = None

    @classmethod
    def refused(cls, problem: DomainError) -> Outcome:
        return cls(problem.status, problem=problem)


Outcomes = dict[int, Outcome]


def place_orders(
    requests: Sequence[OrderRequest], *, actor: Principal, use_savepoint: bool = True
) -> list[Outcome]:
    """Place orders, each standing alone; outcomes are in the order of the requests.

    Runs in the caller's transaction; each order is placed whole or not at all. Refusals are
    returned, not raised: validation_error, insufficient_stock, external_id_conflict,
    reservation_not_live.

    Without `use_savepoint`, two statements are saved, and a lost race raises
    `RetryWithSavepoints`: roll back, and place them with it.
    """
    pending = dict(enumerate(requests))
    if any(_must_lock(request) for request in requests):
        outcomes = _place_locked(pending, actor=actor)
    else:
        try:
            with transaction.atomic(savepoint=use_savepoint):
                outcomes = _place_round(pending, actor=actor, locked=None)
                if len(outcomes) < len(pending):  # a name came twice: the second waits for a round
                    raise LostRace()
        except (LostRace, DomainError):
            if not use_savepoint:
                raise RetryWithSavepoints() from None
            outcomes = _place_locked(pending, actor=actor)
    _look_again(requests, outcomes)
    placed = sum(outcome.status == 201 for outcome in outcomes.values())
    transaction.on_commit(lambda: ORDERS_PLACED.inc(placed))
    return [outcomes[index] for index in range(len(requests))]


def _must_lock(request: OrderRequest) -> bool:
    """Say whether an order takes what only locked rows tell: a cart's hold, a return's value."""
    return request.reservation_id is not None or request.exchange_of is not None


def _look_again(requests: Sequence[OrderRequest], outcomes: Outcomes) -> None:
    """Answer with its order what was refused because the same order has just been placed.

    It may have taken the last units after this was not found, and before they were looked for.
    """
    refused = {i: requests[i] for i, outcome in outcomes.items() if outcome.status == 409}
    if refused:
        _, existing = find_existing(refused.values())
        found: Outcomes = {}
        _answer_existing(refused, found, existing)
        outcomes |= found


def _place_locked(requests: dict[int, OrderRequest], *, actor: Principal) -> Outcomes:
    """Place orders with all locked that they touch: none of them waits for a lock after that.

    Which promises a till sale breaks is known once the stock is locked: where their orders are
    held by others, all is rolled back and made again with these locked first.
    """
    also = recalled(ALSO, Also())
    sells = any(line.type == CARRY_OUT for each in requests.values() for line in each.lines)
    for _ in range(ATTEMPTS):
        try:
            with transaction.atomic(savepoint=sells):
                return _place_with(requests, also, actor=actor)
        except OthersConcerned as concerned:
            also = also.with_orders(concerned.orders)
            begin_again(ALSO, also)
        except RowsMissing as missing:
            also = also.with_rows(missing.pairs)
            begin_again(ALSO, also)
    raise OperationalError("other acts hold the orders of these goods")


def _place_with(requests: dict[int, OrderRequest], also: Also, *, actor: Principal) -> Outcomes:
    customers, locked = lock_for_orders(
        list(requests.values()), network=current_network(), also=also
    )
    outcomes: Outcomes = {}
    # A cart's hold is given up and taken over under its own savepoint: a refusal restores it. What
    # an exchange takes, the next one of the same return does not find.
    for index, request in requests.items():
        if _must_lock(request):
            outcomes |= _settle({index: request}, locked, actor=actor)
    rest = {i: request for i, request in requests.items() if i not in outcomes}
    outcomes |= _settle(rest, locked, actor=actor)
    if customers and any(outcome.problem for outcome in outcomes.values()):
        drop_unused_customers(customers)
    return outcomes


def _settle(requests: dict[int, OrderRequest], locked: Locked, *, actor: Principal) -> Outcomes:
    outcomes: Outcomes = {}
    losses = 0
    while pending := {i: request for i, request in requests.items() if i not in outcomes}:
        try:
            with transaction.atomic():
                outcomes |= _place_round(pending, actor=actor, locked=locked)
        except LostRace:  # goods at a location that had none of them when all was locked
            losses += 1
            if losses > LOSSES_BEFORE_GIVING_UP:
                outcomes |= dict.fromkeys(pending, Outcome.refused(Conflict()))
        except DomainError as refusal:
            outcomes |= dict.fromkeys(pending, Outcome.refused(refusal))
    return outcomes


def _place_round(
    requests: dict[int, OrderRequest], *, actor: Principal, locked: Locked | None
) -> Outcomes:
    """Settle at least one request, or lose the race. Twins of one another take turns."""
    network, existing = find_existing(requests.values())
    outcomes = {
        index: Outcome.refused(refusal)
        for index, request in requests.items()
        if (refusal := unknown_places(request, network=network, actor=actor))
    }
    fresh = _answer_existing(requests, outcomes, existing)
    hold = RedeemedHold()
    for request in fresh.values():
        if request.reservation_id is not None:  # it is alone in its round
            source = network.channels[request.channel]
            hold = redeem_hold(
                reservation_id=request.reservation_id, channel_id=source.id, actor=actor
            )
    by_channel = _read_availability(
        fresh.values(), network, actor, entitled=hold.units, locked=locked is not None
    )
    accepted = []
    for index, request in fresh.items():
        availability = by_channel[request.channel]
        sent = request
        if availability.snapshot.spelt:
            request = request.spelt(availability.snapshot.spelt)
        invalid = missing_address(request, availability.source) or unknown_skus(
            request, availability
        )
        if invalid:
            if request.reservation_id is not None:  # its cart is given back by a rollback
                raise invalid
            outcomes[index] = Outcome.refused(invalid)
            continue
        if request.exchange_of is not None:  # it is alone in its round
            refuse_excess(request)
        demands = demands_of(request)
        plan = availability.plan(
            demands,
            destination=destination_of(request.ship_to),
            policy=request.policy,
        )
        if plan.refused:
            short = insufficient_stock(plan, demands, availability, actor=actor)
            if request.reservation_id is not None:
                raise short if hold.is_live else ReservationNotLive()
            outcomes[index] = Outcome.refused(short)
            continue
        is_fact = request.occurred_at is not UNSET or not availability.covers(plan)
        for other in by_channel.values():
            other.take(plan)
        accepted.append(
            Accepted(index, request, plan, availability, sent.fingerprint, fact=is_fact)
        )
    facts = [each for each in accepted if each.fact]
    if facts:
        if locked is None:
            raise LostRace()
        refuse_missing_rows(facts)
    written = write_orders(accepted, actor=actor)
    for change in written.changes:
        assert locked is not None
        settle_with_owners(change, locked=locked.orders, skus=locked.skus, actor=actor)
    for index, document in written.documents.items():
        outcomes[index] = Outcome(201, document=document)
    return outcomes


def demands_of(request: OrderRequest) -> list[Demand]:
    """Return the order's lines as sourcing takes them."""
    return [
        Demand(line.line_id, line.sku, line.quantity, line.type, line.location)
        for line in request.lines
    ]


def _answer_existing(
    requests: dict[int, OrderRequest],
    outcomes: Outcomes,
    existing: Mapping[tuple[str, str], ExistingOrder],
) -> dict[int, OrderRequest]:
    """Answer orders placed before; return the new ones, the first of each external id."""
    candidates = {i: request for i, request in requests.items() if i not in outcomes}
    documents = order_documents({identity for identity, _ in existing.values()}) if existing else {}
    fresh: dict[int, OrderRequest] = {}
    seen: set[tuple[str, str]] = set()
    for index, request in candidates.items():
        name = (request.channel, request.external_id)
        if name in existing:
            identity, fingerprint = existing[name]
            document = documents[identity]
            if fingerprint == ERASED or request.is_of(fingerprint):
                outcomes[index] = Outcome(200, document=document)
            else:
                outcomes[index] = Outcome.refused(ExternalIdConflict(order=document["number"]))
        elif name not in seen:
            seen.add(name)
            fresh[index] = request
    return fresh


def _read_availability(
    requests: Iterable[OrderRequest],
    network: Network,
    actor: Principal,
    *,
    entitled: Mapping[tuple[int, int], int],
    locked: bool,
) -> dict[str, ChannelAvailability]:
    """Read the availability once a channel. Holds that have expired are ended on the way, for
    which the rows must be locked: raises `LostRace` when they are not."""
    skus: dict[str, set[str]] = {}
    for request in requests:
        skus.setdefault(request.channel, set()).update(line.sku for line in request.lines)

    def read() -> dict[str, ChannelAvailability]:
        return {
            channel: ChannelAvailability.read(
                network=network, source=network.channels[channel], skus=codes, entitled=entitled
            )
            for channel, codes in skus.items()
        }

    by_channel = read()
    ids = {identity for each in by_channel.values() for identity in each.snapshot.sku_ids.values()}
    stale = any(each.snapshot.has_stale_holds for each in by_channel.values())
    if not stale:
        return by_channel
    if not locked:
        raise LostRace()
    end_stale_holds(actor=actor.name, sku_ids=sorted(ids))
    return read()
