"""What a person does at the pages of the second factor, and an authenticator app of our own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from typing import Any

from django.test import Client

SIGN_IN = "/admin/login/"
SET_UP = "/account/second-factor/totp/activate/"
CODE = "/account/second-factor/authenticate/"
CONFIRM = "/account/confirm/"
CODES = "/account/second-factor/recovery-codes/"


def code_of(key: str, *, steps: int = 0) -> str:
    """Return what an app shows now (RFC 6238), or so many half minutes from now."""
    counter = int(time.time()) // 30 + steps
    mark = hmac.new(base64.b32decode(key), counter.to_bytes(8, "big"), hashlib.sha1).digest()
    place = mark[-1] & 15
    number = int.from_bytes(mark[place : place + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def give_password(client: Client, name: str, password: str = "secret", **more: str) -> Any:
    return client.post(SIGN_IN, {"username": name, "password": password} | more)


def set_up(client: Client) -> tuple[str, list[str]]:
    """Set up a second factor; return its key and the recovery codes."""
    page = client.get(SET_UP)
    assert page.status_code == 200, page.headers
    (key,) = re.findall(r'class="key">(\w+)<', page.content.decode())
    done = client.post(SET_UP, {"code": code_of(key)})
    assert (done.status_code, done["Location"]) == (302, CODES), done.content
    return key, re.findall(r"<code>(\d{8})</code>", client.get(CODES).content.decode())


def is_in(client: Client) -> bool:
    return client.get("/api/v1/locations").status_code == 200
