"""The admin's theme, fit for a policy that allows nothing inside a page.

The theme writes style blocks without a nonce, coloured JSON, and expressions that only the build
of Alpine understands that evaluates text. Those are said otherwise here, with the functions of
static/js/operations/theme.js; everything else stays the theme's.
"""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.template import Origin
from django.template.loaders.app_directories import Loader
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold import fields

TABS = "{% tabs_primary_active inline_admin_formsets %}"
# By template of the theme: what stands there, and what is said instead.
SAID_OTHERWISE = {
    "unfold/layouts/skeleton.html": [
        ('<style id="unfold-theme-colors">', '<style nonce="{{ request.csp_nonce }}">'),
        (
            "(localStorage.getItem('sidebarDesktopOpen') !== null)"
            " ? (localStorage.getItem('sidebarDesktopOpen') == '1') : true",
            "sidebarWasOpen()",
        ),
        (
            "activeTab = {% if opts %}getCurrentTab() || '" + TABS + "'{% else %}''{% endif %};",
            "beginPage('{% if opts %}" + TABS + "{% endif %}')",
        ),
        (
            "$watch('sidebarDesktopOpen', value =>"
            " localStorage.setItem('sidebarDesktopOpen', value ? '1' : '0'));",
            "",
        ),
    ],
    "unfold/helpers/welcomemsg.html": [
        (
            "sidebarDesktopOpen = !sidebarDesktopOpen;"
            " localStorage.setItem('sidebarDesktopOpen', sidebarDesktopOpen ? '1' : '0');",
            "sidebarDesktopOpen = !sidebarDesktopOpen",
        ),
    ],
    "unfold/helpers/search.html": [
        ('x-on:focus="openSearchResults = true; currentIndex = 0"', 'x-on:focus="openSearch()"'),
        (
            "openSearchResults = false; if ($refs.searchInput.value === '')"
            " { $refs.searchInput.blur() } else { $refs.searchInput.value = '' }",
            "closeSearch($refs.searchInput)",
        ),
    ],
    "unfold/helpers/command.html": [
        (
            "if (!$event.metaKey && !$event.ctrlKey) selectItem(",
            "!$event.metaKey && !$event.ctrlKey && selectItem(",
        ),
    ],
    "admin/actions.html": [
        # As text it would be an attribute of style, which the policy refuses; as a property not.
        ("'width: ' + changeListWidth + 'px'", "{width: changeListWidth + 'px'}"),
    ],
    "admin/change_form.html": [
        (
            "activeTab && activeTab !== 'general'"
            " ? window.location.pathname + window.location.search + '#' + activeTab"
            " : window.location.pathname + window.location.search",
            "addressOfTab(activeTab)",
        ),
    ],
    "admin/change_list.html": [("<style>", '<style nonce="{{ request.csp_nonce }}">')],
}


class ThemeLoader(Loader):
    """Load the templates of apps; those of the theme as they are said here."""

    def get_contents(self, origin: Origin) -> str:
        """Return a template's text. Raises ImproperlyConfigured where the theme says it anew."""
        text = super().get_contents(origin)
        if "/unfold/templates/" not in str(origin.name):
            return text
        for theirs, ours in SAID_OTHERWISE.get(origin.template_name, ()):
            if theirs not in text:
                raise ImproperlyConfigured(
                    f"The theme's {origin.template_name} has no {theirs!r} any more:"
                    " see portal/strict_theme.py."
                )
            text = text.replace(theirs, ours)
        return text


def show_json_plainly() -> None:
    """Let read-only JSON stand in the admin as text: the theme colours it by style attributes."""
    fields.prettify_json = _written_out


def _written_out(data: Any, encoder: type[json.JSONEncoder] | None) -> SafeString:
    text = json.dumps(data, sort_keys=True, indent=4, cls=encoder, ensure_ascii=False)
    return format_html('<pre class="admin-json">{}</pre>', text)
