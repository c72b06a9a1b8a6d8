"""The published OpenAPI document: what the views declare, and what all of them may answer."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from core.problems.catalogue import MEDIA_TYPE

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    required=True,
    description="One key for one act, repeated with each repetition. Kept for 72 hours.",
)
REPLAYED = OpenApiParameter(
    "Idempotency-Replayed",
    {"type": "string", "enum": ["true"]},
    OpenApiParameter.HEADER,
    response=[200, 201, 202],
    description="Present where the act was done before, and this is its answer again.",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag of what was read. If it has changed since: 412.",
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    str,
    OpenApiParameter.HEADER,
    description="ETags that the client has: 304 without a body when one of them still holds.",
)
ETAG = OpenApiParameter(
    "ETag",
    str,
    OpenApiParameter.HEADER,
    response=[200, 201],
    description="Names this state of the resource.",
)

PROBLEM = {
    "type": "object",
    "description": "A refusal, RFC 9457. More members may follow, as the problem's page says.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "description": "A page of this service: /problems/<code>"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "Stable, snake_case"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string"},
                    "detail": {"type": "string"},
                    "code": {"type": "string"},
                },
            },
        },
    },
    "additionalProperties": True,
}
ALWAYS = {
    "400": "The request is not what this takes",
    "401": "The API key is missing or unknown",
    "403": "The key lacks the scope",
    "404": "Nothing here that this client may see",
    "405": "Not with this method",
    "406": "This service answers in JSON",
    "408": "The rest of the request did not come within 30 seconds",
    "414": "The address is over 8,190 characters",
    "429": "Too many requests; wait for Retry-After",
    "431": "A header is over 8,190 characters, or there are over a hundred",
    "503": "Try again after Retry-After",
}
WITH_BODY = {
    "409": "Refused: the state of things does not allow it",
    "413": "The body is over 5 MiB",
    "415": "Not the media type that this takes",
    "422": "Understood, but cannot be",
}


CHANGED = {"412": "Changed since it was read (If-Match)"}


def _header(description: str, **schema: Any) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"} | schema}


HEADERS = {
    "X-Request-Id": _header("This request in the log; the client's own where it sent a sane one."),
    "WWW-Authenticate": _header("How to say who asks."),
    "Allow": _header("The methods that this address has."),
    "Retry-After": _header("Seconds to wait.", type="integer"),
    "RateLimit-Policy": _header("What a client with a limit may ask: `q` in `w` seconds."),
    "RateLimit": _header("What is left of it: `r`, whole again in `t` seconds."),
}
ON_EVERY_ANSWER = ("X-Request-Id", "RateLimit-Policy", "RateLimit")
ON_SOME = {
    "401": ("WWW-Authenticate",),
    "405": ("Allow",),
    "409": ("Retry-After",),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}


class ContractSchema(AutoSchema):
    """Names operations after their method and path, and asks for keys where they are needed."""

    def get_override_parameters(self) -> list[Any]:
        if self.method == "POST" and not getattr(self.view, "reads_only", False):
            return [IDEMPOTENCY_KEY, REPLAYED]
        if self.method == "GET" and (filters := getattr(self.view, "filterset_class", None)):
            answer: list[Any] = filters.parameters()
            return answer
        has_etag = getattr(self.view, "has_etag", False)
        if self.method == "GET" and (has_etag or self.path.endswith("}")):
            return [
                ETAG,
                *([] if getattr(self.view, "changes_by_clock", False) else [IF_NONE_MATCH]),
            ]
        if has_etag:
            return {"PUT": [IF_MATCH, ETAG], "DELETE": [IF_MATCH]}[self.method]
        return []

    def _map_serializer_field(
        self, field: Any, direction: Any, bypass_extensions: bool = False
    ) -> Any:
        """Say of a list how many it takes: the generator knows validators, not these options."""
        schema = super()._map_serializer_field(  # type: ignore[no-untyped-call]
            field, direction, bypass_extensions
        )
        if isinstance(field, (serializers.ListSerializer, serializers.ListField)):
            if not field.allow_empty:
                schema.setdefault("minItems", 1)
            most = getattr(field, "max_length", None)
            if most is not None:
                schema["maxItems"] = most
        return schema


def add_problem_answers(
    result: dict[str, Any], generator: Any, request: Any, public: bool
) -> dict[str, Any]:
    """Give every operation the refusals that the endpoint itself can make, and the headers that
    every answer has."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components["headers"] = HEADERS
    components["responses"] = {
        f"Refused{status}": _refusal(status, description)
        for status, description in (ALWAYS | WITH_BODY | CHANGED).items()
    }
    for operations in result["paths"].values():
        for method, operation in operations.items():
            responses = operation["responses"]
            for status, answer in responses.items():
                if status >= "400":
                    answer |= _refusal(status, answer["description"])
                else:
                    answer["headers"] = answer.get("headers", {}) | _headers()
            asked = {each["name"] for each in operation.get("parameters", ())}
            if IF_NONE_MATCH.name in asked:
                responses["304"] = {"description": "As the client has it", "headers": _headers()}
            refused = [*ALWAYS]
            if method in ("post", "put", "patch", "delete"):
                refused += WITH_BODY
            if IF_MATCH.name in asked:
                refused += CHANGED
            for status in refused:
                responses.setdefault(status, {"$ref": f"#/components/responses/Refused{status}"})
    return result


def _refusal(status: str, description: str) -> dict[str, Any]:
    return {
        "description": description,
        "headers": _headers(*ON_SOME.get(status, ())),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in (*ON_EVERY_ANSWER, *names)}
