"""The pages on which people count: starting, counting blind, reviewing."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from core.access.principal import Principal
from core.admin.base import actor_of
from core.idempotency.execute import retry_conflicts
from core.problems.catalogue import DomainError, ValidationFailed
from inventory.api.count_body import chosen_lines, seen_by
from inventory.choices import CountState
from inventory.commands.counting.apply import apply_finished_count
from inventory.commands.counting.count_review import approve_count
from inventory.commands.counting.count_work import (
    Threshold,
    cancel_count,
    enter_counts,
    recount,
    start_count,
    submit_count,
)
from inventory.models import Count, CountLine
from inventory.pages.count_forms import EntryForm, StartForm
from inventory.queries.counting.count_review import review
from inventory.queries.counting.counts import visible_counts, with_lines, with_progress
from inventory.queries.transfers import as_id

WHY = {
    "units": "many units",
    "percent": "large part of the stock",
    "moved": "units came or went while it was counted",
}
SAID = {
    "submit": "Handed in. Here is what it shows.",
    "approve": "Approved.",
    "recount": "To be counted again.",
    "apply": "Applied: the record says what was seen.",
    "cancel": "Given up. Nothing has changed.",
}


def may_count(request: HttpRequest) -> Principal:
    """Return the signed-in person if they may work on counts; else refuse."""
    actor = actor_of(request)
    if not actor.may("stock:write"):
        raise PermissionDenied
    return actor


def act(effect: Callable[[], Any]) -> Any:
    """Run a command as the API does: in one transaction, repeated after a deadlock."""

    def once() -> Any:
        with transaction.atomic():
            return effect()

    return retry_conflicts(once)


def start_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Ask what to count, start the count, and redirect to the page on which it is counted."""
    actor = may_count(request)
    form = StartForm(request.POST or None, actor=actor)
    if request.method == "POST" and form.is_valid():
        try:
            count = act(lambda: _start(form, actor))
        except ValidationFailed as refusal:
            for error in refusal.data["errors"]:
                form.add_error(None, error["detail"])
        except DomainError as refusal:
            form.add_error(None, refusal.detail)
        else:
            return HttpResponseRedirect(address_of(count))
    context |= {"title": "Start a count", "form": form}
    return TemplateResponse(request, "inventory/counts/start.html", context)


def _start(form: StartForm, actor: Principal) -> Count:
    body = {"location": form.cleaned_data["location"].code, "select": form.cleaned_data["select"]}
    place, lines = chosen_lines(body, actor=actor)
    return start_count(
        place=place,
        name=form.cleaned_data["name"],
        lines=lines,
        threshold=Threshold(),
        actor=actor,
    )


def work_page(request: HttpRequest, identity: str, context: dict[str, Any]) -> HttpResponse:
    """Show a count's page by its state, or run the submitted action."""
    actor = actor_of(request)
    count = visible_counts(actor).filter(pk=as_id(identity)).first()
    if count is None:
        raise Http404
    form = None
    if request.method == "POST":
        may_count(request)
        if request.POST.get("do") != "enter":
            _do(request, count, actor)
            return HttpResponseRedirect(address_of(count))
        form = EntryForm(request.POST)
        if form.is_valid() and _enter(request, count, form, actor):
            kept = {"bin": form.cleaned_data["bin"], "each": "1" if form.one_by_one else ""}
            query = urlencode({name: value for name, value in kept.items() if value})
            return HttpResponseRedirect(address_of(count) + (f"?{query}" if query else ""))
    context |= {"title": str(count), "count": count, "may_count": actor.may("stock:write")}
    if count.state == CountState.OPEN:
        return _counting(request, count, form, context)
    return _reviewing(request, count, actor, context)


def address_of(count: Count) -> str:
    return reverse("admin:inventory_count_work", args=[count.pk])


def _enter(request: HttpRequest, count: Count, form: EntryForm, actor: Principal) -> bool:
    entry = form.as_entry()

    def enter() -> tuple[bool, int]:
        (seen,) = seen_by([entry], location_id=count.location_id)
        (is_new,) = enter_counts(identity=str(count.pk), seen=[seen], actor=actor)
        return is_new, seen.quantity

    try:
        is_new, units = act(enter)
    except ValidationFailed as refusal:
        for error in refusal.data["errors"]:
            form.add_error(form.field_of(error["pointer"]), error["detail"])
        return False
    except DomainError as refusal:
        form.add_error(None, refusal.detail)
        return False
    said = form.in_words(units)
    messages.success(request, f"Saved: {said}" if is_new else f"Saved before: {said}")
    return True


def _do(request: HttpRequest, count: Count, actor: Principal) -> None:
    """Run one action on the count; a refusal is shown on the page."""
    identity, step = str(count.pk), request.POST.get("do", "")
    chosen = [as_id(pk) for pk in request.POST.getlist("sku")]
    steps: dict[str, Callable[[], Any]] = {
        "submit": lambda: submit_count(identity=identity, actor=actor),
        "approve": lambda: approve_count(identity=identity, sku_ids=chosen or None, actor=actor),
        "recount": lambda: recount(identity=identity, sku_ids=chosen, actor=actor),
        "apply": lambda: apply_finished_count(identity=identity, actor=actor),
        "cancel": lambda: cancel_count(identity=identity, actor=actor),
    }
    if step not in steps:
        raise Http404
    if step == "recount" and not chosen:
        messages.warning(request, "Tick the lines that are to be counted again.")
        return
    try:
        act(steps[step])
    except DomainError as refusal:
        messages.error(request, _in_words(refusal))
    else:
        messages.success(request, SAID[step])


def _in_words(refusal: DomainError) -> str:
    """Describe a refusal, with the SKUs that it concerns."""
    lines = refusal.data.get("lines", [])
    named = [
        line["sku"] + (f" (bins {', '.join(line['bins'])})" if line.get("bins") else "")
        for line in lines[:10]
    ]
    more = f" and {len(lines) - 10} more" if len(lines) > 10 else ""
    return refusal.detail + (f" {', '.join(named)}{more}" if named else "")


def _counting(
    request: HttpRequest, count: Count, form: EntryForm | None, context: dict[str, Any]
) -> HttpResponse:
    one_by_one = bool(form.one_by_one if form else request.GET.get("each"))
    if form is None:
        form = EntryForm(
            initial={
                "entry_id": uuid.uuid4(),
                "what": request.GET.get("what", ""),
                "bin": request.GET.get("bin", ""),
                "quantity": 1 if one_by_one else None,
                "adds": one_by_one,
            }
        )
    lines = list(with_lines(Count.objects.filter(pk=count.pk)).get().lines.all())
    context |= {
        "form": form,
        "one_by_one": one_by_one,
        "lines": [_task(line) for line in lines],
        "bins": list(dict.fromkeys(line.bin for line in lines if line.bin)),
        "left": sum(line.counted is None for line in lines),
    }
    return TemplateResponse(request, "inventory/counts/count.html", context)


def _task(line: CountLine) -> dict[str, Any]:
    where = {"what": line.sku.code, "bin": line.bin}
    return {
        "line": line,
        "query": urlencode({name: value for name, value in where.items() if value}),
    }


def _reviewing(
    request: HttpRequest, count: Count, actor: Principal, context: dict[str, Any]
) -> HttpResponse:
    found = review(count)
    rows = [
        {
            "row": row,
            "why": ", ".join(WHY[reason] for reason in row.reasons),
            "by": ", ".join(sorted(set(row.counters.values()))),
            "own": actor.id in row.counters,
        }
        for row in found
    ]
    context |= {
        "rows": rows,
        "progress": with_progress(Count.objects.filter(pk=count.pk)).get(),
        "waiting": sum(row.needs_approval for row in found),
        "in_review": count.state == CountState.REVIEW,
        "applied": count.state == CountState.APPLIED,
    }
    return TemplateResponse(request, "inventory/counts/review.html", context)
