import pytest
from django.core.exceptions import ImproperlyConfigured
from django.template import Origin, engines

from portal import strict_theme
from portal.strict_theme import SAID_OTHERWISE, ThemeLoader


@pytest.fixture
def loader() -> ThemeLoader:
    return ThemeLoader(engines["django"].engine)


def of_the_theme(loader: ThemeLoader, name: str) -> Origin:
    return next(each for each in loader.get_template_sources(name) if "/unfold/" in each.name)


@pytest.mark.parametrize("name", SAID_OTHERWISE)
def test_what_the_policy_refuses_is_said_otherwise(loader, name):
    text = loader.get_contents(of_the_theme(loader, name))

    assert [theirs for theirs, _ in SAID_OTHERWISE[name] if theirs in text] == []


def test_a_theme_that_says_it_anew_is_noticed(loader, monkeypatch):
    name = "admin/actions.html"
    monkeypatch.setitem(strict_theme.SAID_OTHERWISE, name, [("said before", "said now")])

    with pytest.raises(ImproperlyConfigured, match="said before"):
        loader.get_contents(of_the_theme(loader, name))


def test_json_that_nobody_may_change_stands_there_as_text():
    shown = strict_theme._written_out({"b": "<숭례문>", "a": 1}, None)

    assert shown.startswith('<pre class="admin-json">{\n    &quot;a&quot;: 1')
    assert "&lt;숭례문&gt;" in shown
