"""The manners that every API door shares: strict bodies, cursors, codes, ETags."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Protocol, TypeVar

from django.core.validators import RegexValidator
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.access.principal import Principal
from core.idempotency.execute import execute, retry_conflicts
from core.problems.catalogue import PreconditionFailed, ValidationFailed

MAX_QUANTITY = 1_000_000  # units in one line; beyond it is a slip of the keyboard
MAX_ITEMS = 1_000  # items in a bulk call
MAX_LINES = 500  # lines of an order
DEFAULT_LIMIT, MAX_LIMIT = 50, 200
CODE = (
    r"^(?!\.{1,2}$)[^\s/\\?#%\x00-\x1f\x7f](?:[^/\\?#%\x00-\x1f\x7f]*[^\s/\\?#%\x00-\x1f\x7f])?\Z"
)


class Versioned(Protocol):
    """What has an ETag: a row whose `version` rises with every change."""

    version: int


Expect = Callable[[int | None], None]  # told the version found, None: new; raises to refuse
V = TypeVar("V", bound=Versioned)


class StrictSerializer(serializers.Serializer):
    """A body in which every field is known: a misspelt field is an error, not a default."""

    default_error_messages = {"unknown_field": "This field is not known here."}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = [name for name in data if name not in self.fields]
            if unknown:
                raise serializers.ValidationError(
                    {
                        str(name)[:64]: [
                            serializers.ErrorDetail(
                                str(self.error_messages["unknown_field"]), code="unknown_field"
                            )
                        ]
                        for name in unknown
                    }
                )
        return super().to_internal_value(data)


class StringField(serializers.CharField):
    """A JSON string: a number or a boolean is an error, not a text."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class CodeField(StringField):
    """A code that people chose: 1 to 64 characters that can stand in a URL's path."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 64)
        kwargs.setdefault("trim_whitespace", False)
        super().__init__(**kwargs)
        self.validators.append(
            RegexValidator(
                CODE,
                "A code has no slash, '?', '#', '%%' or control character, no space at its ends.",
                code="invalid_code",
            )
        )


class StrictIntegerField(serializers.IntegerField):
    """A JSON whole number: not a text, not 2.0, not true."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class QuantityField(StrictIntegerField):
    """Whole units, from 1 to a million."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("min_value", 1)
        kwargs.setdefault("max_value", MAX_QUANTITY)
        super().__init__(**kwargs)


class StrictBooleanField(serializers.BooleanField):
    """JSON true or false: not "yes", not 1."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class ListQuery(StrictSerializer):
    """The query string of a list: its filters are the fields of subclasses."""

    limit = serializers.IntegerField(required=False, min_value=1, max_value=MAX_LIMIT)
    cursor = serializers.CharField(required=False, max_length=500)


class ApiView(APIView):
    """A door of the API. `scopes` names, per method, what the principal must have; None where
    the door itself decides by what is asked. For the OpenAPI document, `has_etag` says that it
    honours `If-Match`, and `reads_only` that its POST changes nothing."""

    has_etag: ClassVar[bool] = False
    reads_only: ClassVar[bool] = False
    scopes: ClassVar[Mapping[str, str | None]] = {}

    def perform_authentication(self, request: Request) -> None:
        """Throttle before permissions, as DRF does not: what is refused counts too."""
        super().perform_authentication(request)
        self.check_throttles(request)

    @property
    def actor(self) -> Principal:
        assert isinstance(self.request.user, Principal)
        return self.request.user

    def json_object(self) -> dict[str, Any]:
        """Return the body as it came, or refuse one that is not a JSON object."""
        if not isinstance(self.request.data, dict):
            raise ValidationFailed.at("", "The body must be a JSON object.", "not_an_object")
        return self.request.data

    def body(self, serializer: type[serializers.Serializer]) -> Any:
        """Return the validated body, or raise a 400 with pointers."""
        checked = serializer(data=self.json_object())
        checked.is_valid(raise_exception=True)
        return checked.validated_data

    def filters(self, serializer: type[serializers.Serializer]) -> Any:
        """Return the validated query string; a parameter that is unknown to a strict serializer,
        or given twice, is an error: the answer would be to another question."""
        twice = [name for name, given in self.request.query_params.lists() if len(given) > 1]
        if twice:
            raise serializers.ValidationError(
                {name: ["Give it once only."] for name in twice}, code="given_twice"
            )
        checked = serializer(data=self.request.query_params.dict())
        checked.is_valid(raise_exception=True)
        return checked.validated_data

    def act(self, effect: Callable[[], tuple[int, Any]], content: Any = None) -> HttpResponse:
        """Run an effect under the request's Idempotency-Key, in one transaction.

        `content` stands for a body that is not JSON.
        """
        return execute(self.request, effect, content)

    def replace(
        self, put: Callable[[Expect], tuple[V, bool]], *, render: Callable[[V], Any]
    ) -> Response:
        """Answer a PUT with the whole resource: 201 when `put` says that it is new, else 200.

        `put` runs in one transaction, whole again when it meets another one. It must call what
        it is given with the version that it found under the row's lock: `If-Match` is honoured
        there.
        """

        @transaction.atomic
        def run() -> tuple[V, bool]:
            return put(self.honour_etag)

        row, created = retry_conflicts(run)
        return tagged(render(row), row.version, created=created)

    def honour_etag(self, version: int | None) -> None:
        """Refuse with 412 when `If-Match` asks for another version than this one."""
        check_etag(self.request, version)


def page(
    request: Request,
    rows: QuerySet[Any] | Callable[[int, int], QuerySet[Any]],
    *,
    key: str,
    render: Callable[[list[Any]], Sequence[Any]],
    filters: dict[str, Any],
    newest_first: bool = False,
) -> Response:
    """Answer one page of a list, ordered by the unique column `key`.

    The cursor is the last key seen, so pages neither skip nor repeat rows while others write.
    Where sorting would go through a long history, `rows` is told the last key seen and how many
    are wanted, and returns few rows among which they are.
    """
    limit = filters.get("limit") or DEFAULT_LIMIT
    edge: Any = 0
    if "cursor" in filters:
        edge = _open_cursor(filters["cursor"])
    if not isinstance(rows, QuerySet):
        if not isinstance(edge, int):
            raise _bad_cursor()
        rows = rows(edge, limit + 1)
    elif "cursor" in filters:
        try:
            rows = rows.filter(Q(**{f"{key}__{'lt' if newest_first else 'gt'}": edge}))
        except (ValueError, TypeError) as error:
            raise _bad_cursor() from error
    found = list(rows.order_by(f"-{key}" if newest_first else key)[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    after = None
    if more:
        query = request.query_params.copy()
        query["cursor"] = _close_cursor(getattr(found[-1], key))
        after = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
    return Response({"results": render(found), "next": after})


def _close_cursor(value: Any) -> str:
    text = json.dumps(value, default=str)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _open_cursor(cursor: str) -> Any:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        value = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise _bad_cursor() from error
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise _bad_cursor()
    if (isinstance(value, int) and abs(value) >= 2**63) or "\x00" in str(value):
        raise _bad_cursor()
    return value


def _bad_cursor() -> ValidationFailed:
    return ValidationFailed.at(
        "/cursor", "This cursor is not one that a list gave. Follow `next`.", "bad_cursor"
    )


def check_etag(request: Request, version: int | None) -> None:
    """Honour `If-Match`: refuse with 412 when the resource is not at that version."""
    wanted = request.headers.get("If-Match")
    if wanted is None or (wanted.strip() == "*" and version is not None):
        return
    current = None if version is None else etag(version)
    if current not in [part.strip() for part in wanted.split(",")]:
        raise PreconditionFailed(current=current)


def etag(version: int) -> str:
    return f'"{version}"'


def tagged(document: Any, version: int, *, created: bool = False) -> Response:
    """Answer with a resource and the ETag by which it may be replaced."""
    return Response(document, status=201 if created else 200, headers={"ETag": etag(version)})


def listed(serializer: type[serializers.Serializer]) -> type[serializers.Serializer]:
    """Return the serializer of a page of such items, for the OpenAPI document."""
    name = serializer.__name__.removesuffix("Serializer").removesuffix("Answer")
    return type(
        f"{name}Page",
        (serializers.Serializer,),
        {
            "results": serializer(many=True),
            "next": serializers.URLField(allow_null=True),
        },
    )
