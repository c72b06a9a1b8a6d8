"""The return label that a customer prints for the parcel."""

from __future__ import annotations

import segno
from django.http import HttpResponse
from django.shortcuts import render
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer, StaticHTMLRenderer
from rest_framework.request import Request

from core.problems.catalogue import NotFound
from orders.api.one_return import OneReturnView
from orders.choices import DropOff, ReturnState

# The parts of a postal address, in the order in which an envelope shows them.
ADDRESS = ("line1", "line2", "city", "region", "postal_code", "country")


class ReturnLabelView(OneReturnView):
    renderer_classes = [JSONRenderer, StaticHTMLRenderer]

    @extend_schema(
        operation_id="get_return_label", responses={(200, "text/html"): OpenApiTypes.STR}
    )
    def get(self, request: Request, identity: str) -> HttpResponse:
        """Return a page to print: the address of the parcel, and the QR code of the return."""
        ret = self.ret(identity)
        if ret.drop_off != DropOff.PARCEL or ret.state == ReturnState.CANCELLED:
            raise NotFound("There is no label: this return does not come by parcel.")
        place = ret.drop_off_location
        address = place.address if place else {}
        code = segno.make_qr(f"omni:return:{ret.pk}", error="m")
        return render(
            request._request,
            "orders/return_label.html",
            {
                "ret": ret,
                "place": place,
                "address": [str(address[part]) for part in ADDRESS if address.get(part)],
                "qr": code.svg_inline(scale=6, border=4),
            },
        )
