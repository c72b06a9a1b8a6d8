"""What is safe by default, and what `make demo`, `make run` and containers change of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow  # each starts a process

# What tests or a developer have set is no default.
OURS = re.compile(r"^(ALLOWED_HOSTS|CSRF_|DEBUG|HOST$|HTTPS|OIDC_|OMNIRETAIL_DEMO|PORT$)")
SCRIPT = """
import json, os, django
django.setup()
from django.conf import settings
from django.test import Client
from omniretail.web import listen
os.environ["PORT"] = "0"
secure = settings.HTTPS
given = {"HTTP_X_FORWARDED_PROTO": "https"} if secure else {}
host = settings.ALLOWED_HOSTS[0]
page = Client(SERVER_NAME=host).get("/admin/login/", **given)
cookie = page.cookies["csrftoken"]
with listen() as listener:
    address = listener.getsockname()[0]
print(json.dumps({
    "demo": settings.DEMO,
    "debug": settings.DEBUG,
    "address": address,
    "status": page.status_code,
    "headers": {name.lower(): value for name, value in page.headers.items()},
    "csrf": {name: cookie[name] for name in ("secure", "samesite", "path")},
    "session": {
        "secure": settings.SESSION_COOKIE_SECURE,
        "httponly": settings.SESSION_COOKIE_HTTPONLY,
        "samesite": settings.SESSION_COOKIE_SAMESITE,
        "age": settings.SESSION_COOKIE_AGE,
    },
    "plain": Client(SERVER_NAME=host).get("/admin/login/").status_code,
    "other_host": Client(SERVER_NAME="evil.example").get("/admin/login/", **given).status_code,
}))
"""


def start(**environment: str) -> Any:
    clean = {name: value for name, value in os.environ.items() if not OURS.match(name)}
    clean["DJANGO_SETTINGS_MODULE"] = "omniretail.settings"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=clean | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def of_compose() -> dict[str, str]:
    """Return what a container is given when `.env` has a password and no more."""
    service = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["web"]
    filled = {
        name: re.sub(r"\$\{\w+:?[-?]?([^}]*)\}", r"\1", str(value))
        for name, value in service["environment"].items()
    }
    image = (ROOT / "Dockerfile").read_text()
    given = dict(re.findall(r"\b([A-Z_]+)=([^\s\\]+)", image)) | filled
    return {name: value for name, value in given.items() if OURS.match(name)}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        pytest.param({}, {"demo": False, "address": "127.0.0.1"}, id="run"),
        pytest.param({"OMNIRETAIL_DEMO": "1"}, {"demo": True, "address": "127.0.0.1"}, id="demo"),
        pytest.param(of_compose(), {"demo": False, "address": "0.0.0.0"}, id="compose"),
        pytest.param(
            of_compose() | {"HTTPS": "1"}, {"demo": False, "address": "0.0.0.0"}, id="behind TLS"
        ),
    ],
)
def test_what_is_served_by_default(environment: dict[str, str], expected: dict[str, Any]) -> None:
    is_secure = environment.get("HTTPS") == "1"
    found = start(**environment)
    assert {name: found[name] for name in expected} == expected
    assert (found["debug"], found["status"], found["other_host"]) == (False, 200, 400)
    assert found["plain"] == (301 if is_secure else 200)
    assert found["session"] == {
        "secure": is_secure, "httponly": True, "samesite": "Lax", "age": 12 * 3600,
    }  # fmt: skip
    assert found["csrf"]["samesite"] == "Lax"
    assert bool(found["csrf"]["secure"]) is is_secure
    headers = found["headers"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "no-store" in headers["cache-control"]
    assert "object-src 'none'" in headers["content-security-policy"]
    assert ("strict-transport-security" in headers) is is_secure


def test_containers_are_given_no_demo_and_no_error_pages_with_code() -> None:
    assert not {"OMNIRETAIL_DEMO", "DEBUG"} & set(of_compose())
    assert "--demo" not in (ROOT / "compose.yaml").read_text() + (ROOT / "Dockerfile").read_text()


def test_an_issuer_that_others_could_answer_for_is_refused() -> None:
    with pytest.raises(AssertionError, match="must be https"):
        start(OIDC_ISSUER="http://login.example")
    assert start(OIDC_ISSUER="https://login.example", OIDC_CLIENT_ID="x")["status"] == 200
