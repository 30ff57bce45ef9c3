"""Korean is complete, and the compiled catalogue is the one that the texts say.

Texts change with `django-admin makemessages -l ko --no-location --no-wrap`, then
`django-admin compilemessages`; both need GNU gettext, these tests do not.
"""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.template import engines
from django.template.base import Node, NodeList
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "portal" / "locale" / "ko" / "LC_MESSAGES"
FUNCTIONS = {"_", "_lazy", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}
LINE = re.compile(r'^(msgid|msgid_plural|msgstr(?:\[\d+\])?)? ?(".*")$')
# Names that say the same in Korean.
SAME_IN_KOREAN: set[str] = set()


def entries() -> dict[str, str]:
    """Return msgid → first msgstr of the .po file; the header has the msgid ""."""
    found: dict[str, str] = {}
    entry: dict[str, str] = {}
    part = ""
    for line in [*(CATALOGUE / "django.po").read_text().splitlines(), ""]:
        if match := LINE.match(line):
            part = match[1] or part
            entry[part] = entry.get(part, "") + ast.literal_eval(match[2])
        elif not line.strip() and entry:
            found[entry["msgid"]] = entry.get("msgstr", entry.get("msgstr[0]", ""))
            entry = {}
    return found


def compiled() -> gettext.GNUTranslations:
    with (CATALOGUE / "django.mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def templates() -> Iterator[Path]:
    return iter(sorted((ROOT / "templates").rglob("*.html")))


def texts_of_templates() -> Iterator[str]:
    for path in templates():
        name = str(path.relative_to(ROOT / "templates"))
        yield from texts_of(engines["django"].get_template(name).template.nodelist)


def texts_of(nodes: NodeList) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, TranslateNode):
            yield str(node.filter_expression.var).strip("'\"").replace("%%", "%")
        elif isinstance(node, BlockTranslateNode):
            yield node.render_token_list(node.singular)[0]
        for attribute in Node.child_nodelists + ("nodelist_loop", "nodelist_empty"):
            if isinstance(children := getattr(node, attribute, None), NodeList):
                yield from texts_of(children)
        for _, children in getattr(node, "conditions_nodelists", []):
            yield from texts_of(children)


def texts_of_code() -> Iterator[str]:
    for path in sorted([*(ROOT / "apps").rglob("*.py"), *(ROOT / "portal").rglob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text())):
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if named and node.func.id in FUNCTIONS and isinstance(node.args[0], ast.Constant):
                yield node.args[0].value


def test_the_compiled_catalogue_says_what_the_texts_say():
    translations = compiled()
    stored = {key[0] if isinstance(key, tuple) else key for key in translations._catalog}

    assert stored == set(entries())
    for text, korean in entries().items():
        if text:
            assert korean in (translations.gettext(text), translations.ngettext(text, text, 2))


def test_every_text_has_korean():
    known = entries()

    missing = {text for text in [*texts_of_templates(), *texts_of_code()] if not known.get(text)}

    assert not missing


@pytest.mark.parametrize(
    ("text", "korean"), list(entries().items())[1:], ids=lambda text: text[:40]
)
def test_korean_is_korean_and_keeps_the_placeholders(text, korean):
    assert re.search("[가-힣]", korean) or text in SAME_IN_KOREAN
    assert sorted(re.findall(r"%\(\w+\)\w", korean)) == sorted(re.findall(r"%\(\w+\)\w", text))
