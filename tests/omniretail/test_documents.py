"""The pages under /problems/: one for each refusal that a client can meet."""

from __future__ import annotations

import pytest
from django.test import Client

from core.problems.catalogue import DomainError, catalogue


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_every_problem_has_its_page(code: str) -> None:
    answer = Client().get(f"/problems/{code}")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/html")
    assert catalogue()[code].title.replace("'", "&#x27;") in page
    assert f"&quot;type&quot;: &quot;/problems/{code}&quot;" in page


def test_every_problem_says_what_it_means() -> None:
    """A class without a docstring of its own would show its parent's."""
    silent = [kind.code for kind in catalogue().values() if not (kind.__doc__ or "").strip()]
    shared = [
        kind.code
        for kind in catalogue().values()
        if kind is not DomainError and "code" not in vars(kind)
    ]
    assert (silent, shared) == ([], [])


def test_the_list_leads_to_every_page() -> None:
    page = Client().get("/problems/").content.decode()
    assert [code for code in catalogue() if f'href="/problems/{code}"' not in page] == []


def test_code_is_set_as_code_and_nothing_else_is_markup() -> None:
    page = Client().get("/problems/unauthenticated").content.decode()
    assert "<code>Authorization: Bearer &lt;key&gt;</code>" in page


def test_an_unknown_problem_is_not_found() -> None:
    answer = Client().get("/problems/nothing_like_this")
    assert answer.status_code == 404
