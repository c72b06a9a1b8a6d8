"""The published OpenAPI document: what the views declare, and what all of them may answer."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="One key for one act, repeated with each repetition. Kept for 72 hours.",
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
    "429": "Too many requests; wait for Retry-After",
    "503": "Try again after Retry-After",
}
WITH_BODY = {
    "409": "Refused: the state of things does not allow it",
    "412": "Changed since it was read (If-Match)",
    "413": "The body is over 5 MiB",
    "415": "Not application/json",
    "422": "Understood, but cannot be",
}


class ContractSchema(AutoSchema):
    """Names operations after their method and path, and asks for keys where they are needed."""

    def get_override_parameters(self) -> list[Any]:
        if self.method == "POST" and not getattr(self.view, "reads_only", False):
            return [IDEMPOTENCY_KEY]
        return []


def add_problem_answers(
    result: dict[str, Any], generator: Any, request: Any, public: bool
) -> dict[str, Any]:
    """Give every operation the refusals that the door itself can make."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    for operations in result["paths"].values():
        for method, operation in operations.items():
            answers = dict(ALWAYS)
            if method in ("post", "put", "patch", "delete"):
                answers |= WITH_BODY
            for status, description in answers.items():
                operation["responses"].setdefault(
                    status,
                    {
                        "description": description,
                        "content": {
                            "application/problem+json": {
                                "schema": {"$ref": "#/components/schemas/Problem"}
                            }
                        },
                    },
                )
    return result
