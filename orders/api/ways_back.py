"""Steps of a fulfilment that lead back, or to an early end."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from core.api.fields import StrictSerializer, StringField
from orders.api.answers import FulfilmentAnswer
from orders.api.fulfilments import NothingBody, StepView
from orders.commands.fulfilment.cancel import cancel_fulfilment
from orders.commands.fulfilment.put_back import put_back
from orders.commands.fulfilment.unpack import unpack


class CancelFulfilmentBody(StrictSerializer):
    reason = StringField(max_length=500)


class UnpackView(StepView):
    @extend_schema(
        operation_id="unpack_fulfilment", request=NothingBody, responses={200: FulfilmentAnswer}
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Open the box or the bay again: the units are picked still, and can be changed."""
        self.body(NothingBody)
        return self.step(unpack, code)


class PutBackView(StepView):
    @extend_schema(
        operation_id="put_back_fulfilment", request=NothingBody, responses={200: FulfilmentAnswer}
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Put the units back that lie in its box, tote or bay and are not wanted there any more.

        They are on sale again, or go to orders that wait.
        """
        self.body(NothingBody)
        return self.step(put_back, code)


class CancelFulfilmentView(StepView):
    @extend_schema(
        operation_id="cancel_fulfilment",
        request=CancelFulfilmentBody,
        responses={200: FulfilmentAnswer},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Cancel all its units that have not left, and ask for their refund.

        Those in a tote, a box or a bay are to be put back; the others are on sale at once.
        """
        return self.step(cancel_fulfilment, code, **self.body(CancelFulfilmentBody))


urlpatterns = [
    path("fulfilments/<str:code>/unpack", UnpackView.as_view()),
    path("fulfilments/<str:code>/put-back", PutBackView.as_view()),
    path("fulfilments/<str:code>/cancel", CancelFulfilmentView.as_view()),
]
