"""A form as a browser has it: what a page shows in it is what would be sent."""

from __future__ import annotations

from html.parser import HTMLParser


class _Fields(HTMLParser):
    def __init__(self, wanted: str):
        super().__init__()
        self.wanted, self.inside, self.sent = wanted, False, {}
        self.select = self.textarea = None

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "form":
            marks = (values.get("id"), values.get("class"), values.get("action"))
            self.inside = self.wanted in marks or not self.wanted
        name = values.get("name")
        if not self.inside:
            return
        if tag == "input" and name:
            kind = values.get("type", "text")
            if kind in ("checkbox", "radio"):
                if "checked" in values:
                    self.add(name, values.get("value", "on"))
            elif kind not in ("submit", "button", "file"):
                self.add(name, values.get("value") or "")
        elif tag == "select":
            self.select = name
            self.sent.setdefault(name, [])
        elif tag == "option" and self.select and "selected" in values:
            self.add(self.select, values.get("value", ""))
        elif tag == "textarea":
            self.textarea = name
            self.add(name, "")

    def handle_endtag(self, tag):
        if tag == "form":
            self.inside = False
        self.select = None if tag == "select" else self.select
        self.textarea = None if tag == "textarea" else self.textarea

    def handle_data(self, data):
        if self.textarea:
            self.sent[self.textarea][-1] += data

    def add(self, name: str, value: str) -> None:
        self.sent.setdefault(name, []).append(value)


def fields_of(response, form: str = "") -> dict[str, list[str]]:
    """Return what the form of a page would send; `form` is its id, class or action."""
    reader = _Fields(form)
    reader.feed(response.content.decode())
    sent = {name: values for name, values in reader.sent.items() if values}
    # A browser leaves out a textarea's first line break.
    return {
        name: [value.removeprefix("\r\n").removeprefix("\n") for value in values]
        for name, values in sent.items()
        if "__prefix__" not in name
    }
