"""Fulfilment in the demo: picking, packing, shipping, handing over, and failures."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.utils import timezone

from inventory.commands.transfers.receive_transfer import Arrival
from inventory.models import Barcode, TransferLine
from inventory.queries.scan import Read
from omniretail.demo.people import person_at
from orders.choices import FulfilmentState, FulfilmentType, IdentityDocument, PickMode, RejectReason
from orders.commands.fulfilment.arrivals import receive_goods
from orders.commands.fulfilment.expire_pickups import expire_pickup
from orders.commands.fulfilment.fulfil import accept, deliver, pack, ship
from orders.commands.fulfilment.hand_over import hand_over, make_ready
from orders.commands.fulfilment.identity import Identity
from orders.commands.fulfilment.proof import Proof
from orders.commands.fulfilment.reject import Refusal, reject
from orders.commands.picking.ending import abandon_pick_list, complete_pick_list
from orders.commands.picking.pick_lists import start_pick_list
from orders.commands.picking.scan_picks import scan_picks
from orders.commands.picking.short_pick import Found, short_pick
from orders.models import Fulfilment, PickList
from orders.pickup_code import pickup_pass
from orders.queries.fulfilments import worked_at
from orders.queries.pick_lists import lines_with_orders, outstanding
from stores.models import Location

LONGEST_CLOSURE = 20  # days: who did not come before then had time enough
LIST_SIZE = 8  # orders that one person picks together
UNTOUCHED = (0, 4, 7, 9)  # of ten fulfilments: not begun
SHORT_AT = ("W1", "W2", "S163")
CARRIERS = ("Example Parcels", "Placeholder Post")


def refuse_some() -> None:
    """Let locations reject fulfilments: too much to do, or damaged goods."""
    ships = Fulfilment.objects.filter(state=FulfilmentState.OPEN, type=FulfilmentType.SHIP)
    ships = ships.select_related("location").order_by("pk")
    for fulfilment in ships.filter(location__kind="store")[:3]:
        reject(
            code=fulfilment.code,
            reason=RejectReason.NO_CAPACITY,
            actor=person_at(fulfilment.location.code),
        )
    for fulfilment in ships.filter(location__code="W2")[2:4]:
        line = fulfilment.lines.select_related("order_line").order_by("pk")[0]
        damaged = Refusal(line.order_line.line_id, 1, RejectReason.DAMAGED)
        reject(code=fulfilment.code, refusals=[damaged], actor=person_at("W2"))


def pick_and_hand_out() -> None:
    """Process the open fulfilments of every location, leaving some at every step."""
    for location in Location.objects.order_by("code"):
        here = Fulfilment.objects.filter(worked_at(location.pk), state=FulfilmentState.OPEN)
        codes = list(here.order_by("pk").values_list("code", flat=True))
        taken = [code for turn, code in enumerate(codes) if turn % 10 not in UNTOUCHED]
        for code in codes[:1]:
            accept(code=code, actor=person_at(location.code))
        for start in range(0, len(taken), LIST_SIZE):
            _work(
                location,
                taken[start : start + LIST_SIZE],
                first=start == 0,
                last=start + LIST_SIZE >= len(taken),
            )


def _work(location: Location, codes: list[str], *, first: bool, last: bool) -> None:
    actor = person_at(location.code)
    if first and location.code == "W2":
        given_back = start_pick_list(
            location=location, mode=PickMode.BATCH, codes=codes, actor=actor
        )
        abandon_pick_list(identity=given_back.pk, actor=actor)
    pick_list = start_pick_list(location=location, mode=PickMode.BATCH, codes=codes, actor=actor)
    if first and location.code == "W1":  # a shift ended before it began
        abandon_pick_list(identity=pick_list.pk, actor=actor)
        pick_list = start_pick_list(
            location=location, mode=PickMode.BATCH, codes=codes, actor=actor
        )
    if last and location.code == "W2":
        return  # printed, not begun
    if last and location.code == "W1":
        _scan(pick_list, share=2)
        return  # under way
    if first and location.code in SHORT_AT:
        _fall_short(pick_list)
    _scan(pick_list)
    complete_pick_list(identity=pick_list.pk, actor=actor)
    picked = Fulfilment.objects.filter(
        lines__pick_list_lines__pick_list=pick_list, state=FulfilmentState.PICKING
    )
    for turn, fulfilment in enumerate(picked.distinct().order_by("pk")):
        if fulfilment.source_id is not None:
            _send_to_shop(fulfilment, turn)
        elif fulfilment.type == FulfilmentType.PICKUP:
            _serve_at_counter(fulfilment, location.code, turn)
        else:
            _send(fulfilment, location.code, turn)


def _scan(pick_list: PickList, *, share: int = 1) -> None:
    """Scan a list's lines in walking order, or the first half of them with `share` 2."""
    lines = [line for line in lines_with_orders([pick_list]) if outstanding(line)]
    codes = Barcode.objects.filter(sku__in=[line.sku_id for line in lines]).order_by("-code")
    gtins = dict(codes.values_list("sku", "code"))  # of several codes the lowest remains
    reads = []
    for line in lines[: -(-len(lines) // share)]:
        name = f"demo/{pick_list.pk}/{line.pk}"
        scan_id = uuid.uuid5(uuid.NAMESPACE_URL, name)
        reads.append(Read(scan_id, gtins[line.sku_id], outstanding(line)))
    if reads:
        scan_picks(identity=pick_list.pk, reads=reads, actor=person_at(pick_list.location.code))


def _fall_short(pick_list: PickList) -> None:
    """Record one unit fewer than the first line asks for."""
    line = next(line for line in lines_with_orders([pick_list]) if outstanding(line))
    short_pick(
        identity=pick_list.pk,
        line_id=line.pk,
        found=Found(outstanding(line) - 1, everywhere=True),
        actor=person_at(pick_list.location.code),
    )


def _send(fulfilment: Fulfilment, location: str, turn: int) -> None:
    actor = person_at(location)
    if turn == 1:
        return  # lies in its tote
    pack(code=fulfilment.code, actor=actor)
    if turn == 2:
        return  # waits for the carrier
    ship(
        code=fulfilment.code,
        carrier=CARRIERS[turn % 2],
        tracking_number=f"EX{fulfilment.pk:09}GB",
        actor=actor,
    )
    if turn % 2:
        deliver(code=fulfilment.code, actor=actor)


def _send_to_shop(fulfilment: Fulfilment, turn: int) -> None:
    """Send goods that a shop lacks for its customer: some wait for the van, some have arrived."""
    sender = person_at(fulfilment.building.code)
    packed = pack(code=fulfilment.code, actor=sender)
    if turn % 4 == 3:
        return
    ship(code=fulfilment.code, carrier="Own van", actor=sender)
    if turn % 4 == 2:
        return  # is on its way
    lines = TransferLine.objects.filter(transfer=packed.transfer_id).select_related("sku")
    receive_goods(
        identity=str(packed.transfer_id),
        arrivals=[Arrival(line.sku_id, line.sku.code, line.quantity) for line in lines],
        actor=person_at(fulfilment.location.code),
    )


def _serve_at_counter(fulfilment: Fulfilment, location: str, turn: int) -> None:
    actor = person_at(location)
    make_ready(code=fulfilment.code, bay=f"BAY-{turn + 1}", actor=actor)
    if turn % 3 == 0:
        return  # waits for its customer
    if turn % 3 == 1:
        proof = Proof(code=pickup_pass(fulfilment.code, location).code)
        hand_over(code=fulfilment.code, proof=proof, actor=actor)
    elif turn % 2 == 0:
        long_ago = timezone.now() - timedelta(days=LONGEST_CLOSURE)
        Fulfilment.objects.filter(pk=fulfilment.pk).update(pickup_expires_at=long_ago)
        expire_pickup(code=fulfilment.code, actor=actor)
    else:
        proof = Proof(identity=Identity(IdentityDocument.PASSPORT))
        hand_over(code=fulfilment.code, proof=proof, actor=actor)
