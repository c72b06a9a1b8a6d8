"""The OpenAPI document, its HTML pages, and a page for each problem type."""

from __future__ import annotations

import inspect
import json
import re
import threading
from functools import cache
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.request import Request

from core.problems.catalogue import DomainError, catalogue
from core.problems.handler import to_be_read

_CODE = re.compile(r"`([^`]+)`")


_making = threading.Lock()


def openapi_json() -> bytes:
    """Return the published document. Made once a process: it follows from the code alone.

    The generator fails in two threads at once.
    """
    with _making:
        return _made_openapi_json()


@cache
def _made_openapi_json() -> bytes:
    document: Any = SchemaGenerator().get_schema(request=None, public=True)
    return OpenApiJsonRenderer().render(document, renderer_context={})


@to_be_read
def openapi(request: HttpRequest) -> HttpResponse:
    """`/api/v1/openapi.json`."""
    return HttpResponse(openapi_json(), content_type="application/json")


class ApiPages(SpectacularSwaggerSplitView):
    """`/api/v1/docs`: the same as HTML. Its scripts are static files: it works under a
    content security policy without inline scripts."""

    url_name = "openapi"

    def perform_content_negotiation(self, request: Request, force: bool = True) -> Any:
        """Answer with the page whatever the client accepts: it is the only format."""
        return super().perform_content_negotiation(request, force=True)


api_pages = to_be_read(ApiPages.as_view())


@to_be_read
def problem_list(request: HttpRequest) -> HttpResponse:
    """`/problems/`: every refusal that a client can meet."""
    kinds = sorted(catalogue().values(), key=lambda kind: (kind.status, kind.code))
    return render(request, "problems/list.html", {"problems": [describe(kind) for kind in kinds]})


@to_be_read
def problem_page(request: HttpRequest, code: str) -> HttpResponse:
    """`/problems/{code}`: what a refusal means and what to do about it."""
    kind = catalogue().get(code)
    if kind is None:
        raise Http404
    return render(request, "problems/problem.html", {"problem": describe(kind)})


def describe(kind: type[DomainError]) -> dict[str, Any]:
    """Return the description of a problem from its class, for its page."""
    summary, *explanation = [
        " ".join(paragraph.split())
        for paragraph in (inspect.getdoc(kind) or kind.title).split("\n\n")
    ]
    example = {
        "type": f"/problems/{kind.code}",
        "title": kind.title,
        "status": kind.status,
        "detail": summary,
        "code": kind.code,
    }
    return {
        "code": kind.code,
        "status": kind.status,
        "title": kind.title,
        "summary": _with_code(summary),
        "explanation": [_with_code(paragraph) for paragraph in explanation],
        "example": json.dumps(example, indent=2, ensure_ascii=False),
        "headers": dict(kind.headers),
    }


def _with_code(text: str) -> SafeString:
    """Set `words between backticks` as code; everything else is escaped."""
    return mark_safe(_CODE.sub(r"<code>\1</code>", escape(text)))
