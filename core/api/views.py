"""What every endpoint shares: scopes, bodies, lists, idempotent acts, ETags."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any, ClassVar, Protocol, TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.access.principal import Principal
from core.api.filters import FilterSet, refuse_repeated
from core.api.pagination import Render
from core.idempotency.execute import execute, retry_conflicts
from core.problems.catalogue import PreconditionFailed, ValidationFailed


class Versioned(Protocol):
    """What has an ETag: a row whose `version` rises with every change."""

    version: int


Expect = Callable[[int | None], None]  # told the version found, None: new; raises to refuse
V = TypeVar("V", bound=Versioned)


class ApiView(APIView):
    """An endpoint of the API. `scopes` names, per method, what the principal must have; None where
    the endpoint decides by what is asked. `filterset_class` is what its list can be asked. With
    `recent_keys` it believes an API key for a second without looking it up again. For the OpenAPI
    document, `has_etag` says that it honours `If-Match`, and `reads_only` that its POST changes
    nothing. What it shows changes by the clock alone where `changes_by_clock`."""

    filterset_class: ClassVar[type[FilterSet] | None] = None
    recent_keys: ClassVar[bool] = False
    has_etag: ClassVar[bool] = False
    changes_by_clock: ClassVar[bool] = False
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

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Name the state of one resource by an ETag: its version, else a digest of the body; and
        answer 304 to who has it already."""
        if isinstance(response, Response) and response.status_code < 400:
            response.data = self.released(response.data)
        response = super().finalize_response(request, response, *args, **kwargs)
        if not (isinstance(response, Response) and response.status_code == 200):
            return response
        if request.method not in ("GET", "HEAD") or not self._shows_one_resource(request):
            return response
        if "ETag" not in response:
            digest = blake2b(response.render().content, digest_size=16).hexdigest()
            response["ETag"] = f'"{digest}"'
        if self.changes_by_clock or not _has_already(request, response["ETag"]):
            return response
        kept = ("ETag", "Vary", "Cache-Control")
        return HttpResponseNotModified(
            headers={name: response[name] for name in kept if name in response}
        )

    def _shows_one_resource(self, request: Request) -> bool:
        match = request.resolver_match
        return self.has_etag or (match is not None and match.route.endswith(">"))

    def json_object(self) -> dict[str, Any]:
        """Return the body as it came, or refuse one that is not a JSON object."""
        if not isinstance(self.request.data, dict):
            raise ValidationFailed.at("", "The body must be a JSON object.", "not_an_object")
        return self.request.data

    def body(self, serializer: type[serializers.Serializer[Any]]) -> Any:
        """Return the validated body, or raise a 400 with pointers."""
        checked = serializer(data=self.json_object())
        checked.is_valid(raise_exception=True)
        return checked.validated_data

    def query(self, serializer: type[serializers.Serializer[Any]]) -> Any:
        """Return the validated query string of what is no list; a parameter that is unknown to a
        strict serializer, or given twice, is an error: the answer would be to another question."""
        refuse_repeated(self.request.query_params)
        checked = serializer(data=self.request.query_params.dict())
        checked.is_valid(raise_exception=True)
        return checked.validated_data

    def filterset(self, rows: QuerySet[Any]) -> FilterSet:
        """Return what this list is asked, of these rows."""
        assert self.filterset_class is not None
        return self.filterset_class(self.request.query_params, rows, request=self.request)

    def page(self, rows: QuerySet[Any], *, render: Render) -> Response:
        """Answer one page of those of the rows that were asked for."""
        return self.filterset(rows).page(self.request, render=render)

    def act(self, effect: Callable[[], tuple[int, Any]], content: Any = None) -> HttpResponse:
        """Run an effect under the request's Idempotency-Key, in one transaction.

        `content` stands for a body that is not JSON.
        """

        def run() -> tuple[int, Any]:
            status, document = effect()
            return status, self.released(document)

        return execute(self.request, run, content)

    def released(self, document: Any) -> Any:
        """Return what the actor may see of a document before it is answered or stored: all of it,
        unless an app has documents with personal data."""
        return document

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


def check_etag(request: Request, version: int | None) -> None:
    """Honour `If-Match`: refuse with 412 when the resource is not at that version."""
    wanted = request.headers.get("If-Match")
    if wanted is None or (wanted.strip() == "*" and version is not None):
        return
    current = None if version is None else etag(version)
    if current not in [part.strip() for part in wanted.split(",")]:
        raise PreconditionFailed(current=current)


def _has_already(request: Request, current: str) -> bool:
    """Say whether `If-None-Match` names the ETag, which a proxy may have made a weak one."""
    given = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in given or current in {each.removeprefix("W/") for each in given}


def etag(version: int) -> str:
    return f'"{version}"'


def tagged(document: Any, version: int, *, created: bool = False) -> Response:
    """Answer with a resource and the ETag by which it may be replaced."""
    return Response(document, status=201 if created else 200, headers={"ETag": etag(version)})


def listed(serializer: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
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
