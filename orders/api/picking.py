"""`/pick-lists/{id}/…`: scanning along a list, finding too few, handing the work on, ending it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core.idempotency.execute import retry_conflicts
from core.problems.catalogue import NotFound
from inventory.api.scan_body import SCAN_KEY
from inventory.queries.scan import Read
from orders.api.personal import PersonalView
from orders.api.pick_list_body import (
    AssignBody,
    PersonBody,
    PickListAnswer,
    PickScansBody,
    ScansAnswer,
    ShortBody,
    row_id,
)
from orders.commands.picking.ending import abandon_pick_list, complete_pick_list
from orders.commands.picking.ownership import assign_pick_list
from orders.commands.picking.scan_picks import scan_picks
from orders.commands.picking.short_pick import Found, short_pick
from orders.commands.picking.undo_scan import undo_scan
from orders.commands.picking.undo_short import undo_short
from orders.models import PickList
from orders.queries.pick_lists import pick_list_document


class PickingView(PersonalView):
    """An act on a pick list, answered with the list."""

    scopes = {"POST": "fulfilment:write"}

    def step(self, command: Callable[..., PickList], identity: str, **given: Any) -> HttpResponse:
        def effect() -> tuple[int, Any]:
            pick_list = command(identity=row_id(identity), actor=self.actor, **given)
            return 200, pick_list_document(pick_list)

        return self.act(effect)


class ScansView(PersonalView):
    scopes = {"POST": "fulfilment:write"}

    @extend_schema(
        operation_id="scan_picks",
        request=PickScansBody,
        responses={200: ScansAnswer},
        parameters=[SCAN_KEY],
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Count scanned units as picked. A batch may be sent again: no scan counts twice.

        The first scan takes the list for who scans.
        """
        body = self.body(PickScansBody)
        reads = [Read(**scan) for scan in body["scans"]]

        def effect() -> tuple[int, Any]:
            pick_list, results = scan_picks(
                identity=row_id(identity),
                reads=reads,
                person=body.get("person", ""),
                actor=self.actor,
            )
            return 200, {"results": results, "pick_list": pick_list_document(pick_list)}

        if "Idempotency-Key" in request.headers:
            return self.act(effect)
        status, answer = retry_conflicts(transaction.atomic(effect))
        return Response(answer, status=status)


class UndoScanView(PickingView):
    @extend_schema(
        operation_id="undo_pick_scan", request=PersonBody, responses={200: PickListAnswer}
    )
    def post(self, request: Request, identity: str, scan_id: str) -> HttpResponse:
        """Take back a scan, until its line is short or its box closed.

        One that has not arrived yet counts nothing when it does.
        """
        person = self.body(PersonBody).get("person", "")
        return self.step(undo_scan, identity, scan_id=_scan_id(scan_id), person=person)


def _scan_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFound("There is no such scan.") from None


class ShortView(PickingView):
    @extend_schema(operation_id="short_pick", request=ShortBody, responses={200: PickListAnswer})
    def post(self, request: Request, identity: str, line: str) -> HttpResponse:
        """Record that fewer were found: the rest is sourced elsewhere, and must be counted.

        Refused with `look_also_in` while the goods lie in other bins of the location as well.
        """
        body = self.body(ShortBody)
        found = Found(body["found"], body.get("looked_in", ()), everywhere=body["everywhere"])
        return self.step(
            short_pick,
            identity,
            line_id=row_id(line),
            found=found,
            person=body.get("person", ""),
        )


class UndoShortView(PickingView):
    @extend_schema(
        operation_id="undo_short_pick", request=PersonBody, responses={200: PickListAnswer}
    )
    def post(self, request: Request, identity: str, line: str) -> HttpResponse:
        """Ask for the units of a line again: they were found, before the list is complete."""
        person = self.body(PersonBody).get("person", "")
        return self.step(undo_short, identity, line_id=row_id(line), person=person)


class CompleteView(PickingView):
    @extend_schema(
        operation_id="complete_pick_list", request=PersonBody, responses={200: PickListAnswer}
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Close a list of which every line is picked or short."""
        person = self.body(PersonBody).get("person", "")
        return self.step(complete_pick_list, identity, person=person)


class AbandonView(PickingView):
    @extend_schema(
        operation_id="abandon_pick_list", request=PersonBody, responses={200: PickListAnswer}
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Give a list back: what is picked stays with its order, another list takes the rest."""
        person = self.body(PersonBody).get("person", "")
        return self.step(abandon_pick_list, identity, person=person)


class AssignView(PickingView):
    @extend_schema(
        operation_id="assign_pick_list", request=AssignBody, responses={200: PickListAnswer}
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Hand a list on to another person."""
        person = self.body(AssignBody)["person"] or ""
        return self.step(assign_pick_list, identity, person=person)


urlpatterns = [
    path("pick-lists/<str:identity>/scans", ScansView.as_view()),
    path("pick-lists/<str:identity>/scans/<str:scan_id>/undo", UndoScanView.as_view()),
    path("pick-lists/<str:identity>/lines/<str:line>/short", ShortView.as_view()),
    path("pick-lists/<str:identity>/lines/<str:line>/short/undo", UndoShortView.as_view()),
    path("pick-lists/<str:identity>/complete", CompleteView.as_view()),
    path("pick-lists/<str:identity>/abandon", AbandonView.as_view()),
    path("pick-lists/<str:identity>/assign", AssignView.as_view()),
]
