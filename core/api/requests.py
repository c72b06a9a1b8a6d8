"""What every request passes first: an id, a readable address, a whole body, strictly parsed."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from core.problems.catalogue import (
    AddressTooLong,
    BodyTooLarge,
    DomainError,
    FileTooLarge,
    HeadersTooLarge,
    MalformedBody,
    MalformedRequest,
    MalformedUrl,
)
from core.problems.handler import problem_response

LINE_LIMIT = 8190  # characters of an address, and of a header
FIELDS_LIMIT = 100
BODY_LIMIT = 5 * 1024 * 1024
FILE_LIMIT = 200 * 1024 * 1024  # of an upload, with the form around it
DEPTH_LIMIT = 64
_SAFE_ID = re.compile(r"^[A-Za-z0-9._:-]{1,64}$")

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """Give every request an id (the client's own where it is sane) and say it in the answer,
    with the answer's length: without one the server sends it in chunks, at a write more each."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        offered = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = offered if _SAFE_ID.match(offered) else os.urandom(16).hex()
        request.META["omniretail.request_id"] = request_id
        response = self.get_response(request)
        response["X-Request-Id"] = request_id
        if not response.streaming and response.status_code not in (204, 304):
            response.headers.setdefault("Content-Length", str(len(response.content)))
        if request.method == "HEAD":
            _drop_body(response)
        return response


class ReadableRequestMiddleware:
    """Refuse addresses that no table could hold, and bodies over the limit, before any work.

    PostgreSQL text cannot hold NUL: without this, `GET /skus/%00` would be a 500.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        if "\x00" in request.path or "%00" in query or "\x00" in query:
            return problem_response(MalformedUrl())
        if problem := _outer_problem(request.META):
            return problem_response(problem)
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            return problem_response(MalformedBody("Content-Length is not a number."))
        # Files come in streams and have a limit of their own.
        is_file = (request.content_type or "").startswith("multipart/")
        if is_file and length > FILE_LIMIT:
            return problem_response(FileTooLarge())
        if length > BODY_LIMIT and not (is_file and request.path in settings.TAKE_FILES):
            return problem_response(BodyTooLarge())
        return self.get_response(request)


def _outer_problem(head: Mapping[str, Any]) -> DomainError | None:
    """Say what the server lets through and this service does not."""
    if len(head.get("REQUEST_URI", "")) > LINE_LIMIT:
        return AddressTooLong()
    fields = [value for name, value in head.items() if name.startswith("HTTP_")]
    if len(fields) > FIELDS_LIMIT or any(len(value) > LINE_LIMIT for value in fields):
        return HeadersTooLarge()
    if "HTTP_TRANSFER_ENCODING" in head:
        # The server unpacks what HTTP/1.1 sends in chunks. What an older client means is unsure.
        return MalformedRequest("Only HTTP/1.1 knows chunks.")
    return None


def _drop_body(response: HttpResponseBase) -> None:
    """Leave only the head: the server would send the body of an answer to HEAD."""
    if isinstance(response, StreamingHttpResponse):
        response.streaming_content = []
        return
    assert isinstance(response, HttpResponse)
    length = response.headers.get("Content-Length")
    response.content = b""
    if length is not None:
        response.headers["Content-Length"] = length


class WillingNegotiation(DefaultContentNegotiation):
    """Choose what to answer in. A client whose Accept header is empty takes anything, as one
    without the header does."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[Any, str]:
        """Do as DRF does, but for the usual question without its many steps."""
        first = renderers[0]
        if (
            len(renderers) == 1
            and request.META.get("HTTP_ACCEPT") in (None, "", "*/*", first.media_type)
            and not request.META.get("QUERY_STRING")
            and format_suffix is None
        ):
            return first, first.media_type
        answer: tuple[Any, str] = super().select_renderer(request, renderers, format_suffix)
        return answer

    def get_accept_list(self, request: Request) -> list[str]:
        return [each for each in super().get_accept_list(request) if each] or ["*/*"]


class StrictJSONParser(BaseParser):
    """UTF-8 JSON and nothing else: what it lets through, PostgreSQL can keep."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return parse_json(stream.read())


def parse_json(raw: bytes) -> Any:
    """Decode a body, or raise `MalformedBody` saying where it breaks."""
    if len(raw) > BODY_LIMIT:
        raise BodyTooLarge()
    try:
        text = raw.decode("utf-8")
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
        # Only escapes smuggle in what UTF-8 text cannot hold, and only brackets nest.
        if b"\\u" in raw or raw.count(b"{") + raw.count(b"[") > DEPTH_LIMIT:
            _refuse_unstorable(value)
    except UnicodeError as error:
        raise MalformedBody("The body is not valid UTF-8 text.") from error
    except RecursionError as error:
        raise MalformedBody("The body is nested too deeply.") from error
    except ValueError as error:
        raise MalformedBody(f"The body is not valid JSON: {error}.") from error
    return value


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:20]} is out of range")
    return number


def _refuse_unstorable(value: Any, depth: int = 0) -> None:
    """Refuse what JSON escapes can smuggle in, and nesting that would exhaust a stack later."""
    if depth > DEPTH_LIMIT:
        raise ValueError("it is nested too deeply")
    if isinstance(value, str):
        if "\x00" in value:
            raise ValueError("it holds a NUL character")
        value.encode("utf-8")  # a lone surrogate raises
    elif isinstance(value, dict):
        for key, item in value.items():
            _refuse_unstorable(key, depth + 1)
            _refuse_unstorable(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _refuse_unstorable(item, depth + 1)
