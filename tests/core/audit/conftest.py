"""A security log that has counted nothing yet."""

from __future__ import annotations

import pytest

from core.audit import refusals
from core.audit.bound import Bound


@pytest.fixture(autouse=True)
def nothing_is_refused_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "BOUND", Bound())
