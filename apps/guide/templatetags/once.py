"""Parts of pages that are the same on every one of them."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()


class OnceNode(template.Node):
    def __init__(self, parts: template.NodeList, values: list[template.base.FilterExpression]):
        self.parts = parts
        self.values = values
        self.made: dict[tuple, SafeString] = {}

    def render(self, context: template.Context) -> SafeString:
        values = [value.resolve(context, ignore_failures=True) for value in self.values]
        key = (get_language(), *values)
        made = self.made.get(key)
        if made is None:
            made = self.made[key] = self.parts.render(context)
        return made


@register.tag
def once(parser: template.base.Parser, token: template.base.Token) -> OnceNode:
    """`{% once VALUE … %}…{% endonce %}`: write this once for each language and the values given.

    For links, names of files and translations that depend on nothing else; the values are few.
    """
    values = [parser.compile_filter(each) for each in token.split_contents()[1:]]
    parts = parser.parse(["endonce"])
    parser.delete_first_token()
    return OnceNode(parts, values)
