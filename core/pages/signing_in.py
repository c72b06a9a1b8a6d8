"""The form to sign in with: so many wrong passwords for an account, and from an address."""

from __future__ import annotations

import hashlib
from typing import Any

from django import forms
from unfold.forms import AuthenticationForm

from core.access.address import address_of
from core.access.rate import give_back, spend
from core.metrics.counters import REFUSED
from core.problems.catalogue import Overloaded

WINDOW = 600.0  # seconds
OF_ACCOUNT = 10  # attempts in this time
OF_ADDRESS = 60  # a shop's people share one


class SignInForm(AuthenticationForm):
    """Refuses further attempts before any password is hashed; what succeeds does not count."""

    def clean(self) -> dict[str, Any]:
        counted = {
            f"sign-in:account:{_digest(self.cleaned_data.get('username', '').lower())}": OF_ACCOUNT,
            f"sign-in:address:{_digest(address_of(self.request))}": OF_ADDRESS,
        }
        wait = max(spend(name, limit, window=WINDOW).wait for name, limit in counted.items())
        if wait:
            REFUSED.labels("too_many_sign_ins").inc()
            raise forms.ValidationError(
                "There were too many attempts. Try again in %(minutes)d min.",
                code="too_many_attempts",
                params={"minutes": -(-wait // 60)},
            )
        try:
            cleaned: dict[str, Any] = super().clean()
        except Overloaded as busy:
            raise forms.ValidationError("Many people are signing in. Try again.") from busy
        for name, limit in counted.items():
            give_back(name, limit, window=WINDOW)
        return cleaned


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
