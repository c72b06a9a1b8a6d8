"""A small OpenID Connect provider on a local port, which says what a test wants it to say."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "omniretail", "the client's secret"
KEY, ANOTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in "12")


class Provider:
    """Signs one person in, and keeps what it was asked."""

    def __init__(self) -> None:
        self.sub, self.email, self.is_verified = "subject-1", "ada@example.org", True
        self.changes: dict[str, Any] = {}  # of the ID token's claims; None takes one out
        self.discovery: dict[str, Any] = {}  # changes of the discovery document
        self.key: Any = KEY
        self.algorithm = "RS256"
        self.userinfo_sub = ""
        self.email_in_token = True
        self.asked: dict[str, str] = {}
        self.is_token_refused = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator[Provider]:
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def authorise(self, address: str) -> str:
        """Do what the person's browser does at the provider; return where it is sent back to."""
        assert address.startswith(f"{self.issuer}/authorize?"), address
        self.asked = dict(parse_qsl(urlsplit(address).query))
        assert self.asked["client_id"] == CLIENT
        assert set(self.asked["scope"].split()) >= {"openid", "email"}
        back = urlsplit(self.asked["redirect_uri"])
        return f"{back.path}?{urlencode({'code': 'the code', 'state': self.asked['state']})}"

    def answer(self, path: str, form: dict[str, str], head: Any) -> tuple[int, Any]:
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            } | self.discovery
        if path == "/jwks":
            key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
            return 200, {"keys": [key | {"kid": "1", "use": "sig", "alg": "RS256"}]}
        if path == "/token":
            return self._token(form)
        if path == "/userinfo":
            assert head["Authorization"] == "Bearer the access token"
            return 200, {"sub": self.userinfo_sub or self.sub} | self._email()
        return 404, {}

    def _token(self, form: dict[str, str]) -> tuple[int, Any]:
        mark = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(mark).rstrip(b"=").decode()
        is_right = (
            form.get("code") == "the code"
            and form.get("client_secret") == SECRET
            and self.asked["code_challenge"] == challenge
            and form.get("redirect_uri") == self.asked["redirect_uri"]
        )
        if not is_right or self.is_token_refused:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": self.sub,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": self.asked["nonce"],
        }
        claims |= self._email() if self.email_in_token else {}
        claims = {k: v for k, v in (claims | self.changes).items() if v is not None}
        token = jwt.encode(claims, self.key, algorithm=self.algorithm, headers={"kid": "1"})
        return 200, {"access_token": "the access token", "token_type": "Bearer", "id_token": token}

    def _email(self) -> dict[str, Any]:
        return {"email": self.email, "email_verified": self.is_verified}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._respond({})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._respond({name: values[0] for name, values in parse_qs(body).items()})

            def _respond(self, form: dict[str, str]) -> None:
                status, document = provider.answer(urlsplit(self.path).path, form, self.headers)
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        return Handler
