"""A person who is tied to places follows every link from the start page, and meets nothing of
others; links lead to what there is, though not all to what the role may open.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

import pytest
from django.test import Client

from core.access.scopes import ROLES
from tests.omniretail.pages.retailer import OURS, THEIRS, hire

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("retailer")]

EACH_SHAPE = 1  # addresses followed that differ in their numbers and values alone
# Files, the documents of the API, and lists in another order tell nothing else.
LEFT_OUT = re.compile(r"/static/|/api/v1/(docs|openapi)|/admin/logout|[?&]o=|/jsi18n/")
# Lists that show where stock is, also that of others.
TELLS_OF_STOCK = re.compile(rf"{THEIRS}-(place|depot)")
STOCK = ("/admin/inventory/stock/", "/api/v1/exports/stock.csv")


def links_in(page: str, address: str) -> Iterator[str]:
    for href in re.findall(r'(?:href|hx-get)="([^"]+)"', page):
        target = urldefrag(urljoin(address, html.unescape(href)))[0]
        if target.startswith("/") and not LEFT_OUT.search(target):
            yield target


def shape_of(address: str) -> str:
    """Return an address without its numbers and values."""
    parts = urlsplit(address)
    path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+", "N", parts.path)
    return f"{path}?{sorted(name for name, _ in parse_qsl(parts.query, keep_blank_values=True))}"


@pytest.mark.parametrize("role", [*ROLES, "superuser"])
def test_every_link_leads_to_what_is_ours(role: str) -> None:
    browser = Client(raise_request_exception=False)
    browser.force_login(hire(role, tied=True))
    waiting, met, wrong, ours = ["/", "/admin/"], {"/", "/admin/"}, [], 0
    shapes: Counter[str] = Counter()
    while waiting:
        address = waiting.pop()
        answer = browser.get(address, follow=True)
        body = (b"".join(answer) if answer.streaming else answer.content).decode()
        words = set(re.findall(rf"{THEIRS}-\w+", body))
        if address.startswith(STOCK):
            words = {word for word in words if not TELLS_OF_STOCK.fullmatch(word)}
        if words or answer.status_code not in (200, 403):
            wrong.append(f"{answer.status_code} {address}: {words}")
        ours += f"{OURS}-place" in body
        if "html" not in answer["Content-Type"]:
            continue
        for target in links_in(body, address):
            shape = shape_of(target)
            if target not in met and shapes[shape] < EACH_SHAPE:
                met.add(target)
                shapes[shape] += 1
                waiting.append(target)
    assert not wrong, "\n".join(wrong)
    assert ours > 10
