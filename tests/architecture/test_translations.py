"""Pages of the floor speak Italian as well: no text is outside of gettext or untranslated."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PO = ROOT / "locale/it/LC_MESSAGES/django.po"
CONTEXTS = ("signing in",)  # where a text of Django's own is said otherwise
NAMES = {"OmniRetail"}
QUOTED = r'"(?:[^"\\]|\\.)*"'
PAGES = sorted(
    path
    for app in ("core", "stores", "inventory", "orders", "omniretail")
    for path in (ROOT / app).glob("templates/**/*.html")
    if (path.name == "base.html" and path.parent.name == "staff")
    or '{% extends "staff/base.html" %}' in path.read_text()
    or {"account", "mfa"} & {*path.parts}
)  # fmt: skip
SOURCES = sorted(
    path
    for app in ("core", "stores", "inventory", "orders", "omniretail")
    for path in (ROOT / app).rglob("*.py")
    if "gettext" in path.read_text()
)


def translated() -> dict[str, list[str]]:
    """Return the texts of the catalogue as written, with their translations."""
    found = {}
    for entry in PO.read_text().split("\n\n"):
        texts = {
            name: "".join(ast.literal_eval(each) for each in re.findall(QUOTED, block))
            for name, block in re.findall(
                rf"^(msg[a-z_]+(?:\[\d\])?) ((?:{QUOTED}\n?)+)", entry + "\n", re.MULTILINE
            )
        }
        if texts.get("msgid"):
            assert "fuzzy" not in entry, texts["msgid"]
            found[texts["msgid"]] = [
                text for name, text in texts.items() if name.startswith("msgstr")
            ]
    return found


def asked_for(path: Path) -> Iterator[str]:
    """Give the texts that a page or a module wants to be translated."""
    text = path.read_text()
    if path.suffix == ".html":
        for single, double in re.findall(r"\{% translate (?:'([^']+)'|\"([^\"]+)\")", text):
            yield single or double
        yield from re.findall(r'_\("([^"]+)"\)', text)
        for block in re.findall(
            r"\{% blocktranslate[^%]*%\}(.*?)\{% endblocktranslate %\}", text, re.DOTALL
        ):
            single = re.split(r"\{% plural %\}", block)[0]
            yield re.sub(r"\{\{ (\w+) \}\}", r"%(\1)s", single)
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            is_asked = node.func.id in ("_", "gettext", "gettext_lazy", "ngettext")
            if is_asked and isinstance(node.args[0], ast.Constant):
                yield node.args[0].value


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_holds_no_text_outside_of_gettext(path: Path) -> None:
    text = path.read_text()
    for pattern in (
        r"\{% blocktranslate.*?\{% endblocktranslate %\}",
        r"\{#.*?#\}", r"\{%.*?%\}", r"\{\{.*?\}\}", r"<title>.*?</title>",
    ):  # fmt: skip
        text = re.sub(pattern, "", text, flags=re.DOTALL)
    said = re.findall(r'(?:aria-label|placeholder|alt|title)="([^"]*)"', text)
    said += re.sub(r"<[^>]*>", "\n", text).split("\n")
    # The letter of the mark is a picture.
    left = [words for words in said if re.search(r"[A-Za-z]{2}", words)]
    assert [words for words in left if words not in NAMES] == []


def test_every_text_is_translated() -> None:
    known = translated()
    missing = {
        text for path in (*PAGES, *SOURCES) for text in asked_for(path) if not known.get(text)
    }
    assert missing == set()
    assert [text for text, words in known.items() if not all(words)] == []


def test_a_translation_names_the_same_values() -> None:
    names = re.compile(r"%\((\w+)\)")
    for text, words in translated().items():
        for each in words:
            assert set(names.findall(each)) == set(names.findall(text)), text


def test_what_is_compiled_is_what_is_written() -> None:
    with PO.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for text, words in translated().items():
        if len(words) == 1:
            said = {compiled.gettext(text), *(compiled.pgettext(each, text) for each in CONTEXTS)}
            assert words[0] in said
