"""JSON as a table: an array of objects, or an object a line (JSON Lines); pure."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from itertools import chain, islice
from typing import BinaryIO

from django.utils.translation import gettext as _

from apps.catalogue.importing.cells import join_many, join_pairs
from apps.catalogue.importing.csv_files import iter_limited
from apps.catalogue.importing.problems import UnreadableFile
from apps.catalogue.importing.tables import Record, Table

LONGEST_OBJECT = 1_000_000
CHUNK = 64 * 1024
# The keys of the first objects are the columns.
LOOKED_AT = 200
SPACE = " \t\r\n"


def open_json(file: BinaryIO) -> Table:
    """Return the keys and objects of a JSON file. Raises UnreadableFile."""
    start = file.read(CHUNK).removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    file.seek(0)
    objects = _of_array(file) if start == b"[" else _of_lines(file)
    first = list(islice(objects, LOOKED_AT))
    headings = list(
        dict.fromkeys(key for _line, item in first if type(item) is dict for key in item)
    )
    if not headings:
        text = _("The file holds no objects such as {…}: one a line, or all in one array […].")
        raise UnreadableFile(text)
    return Table("json", headings, _records(chain(first, objects), headings))


def _records(objects: Iterator[tuple[int, object]], headings: list[str]) -> Iterator[Record]:
    known = set(headings)
    for line, item in objects:
        if isinstance(item, Exception):
            yield Record(line, [], str(item))
        elif not isinstance(item, dict):
            yield Record(line, [], _("not an object {…}"))
        else:
            more = ", ".join(sorted(item.keys() - known))[:200]
            text = _("not in the first objects and passed over: %(names)s") % {"names": more}
            cells = [_text(item.get(heading)) for heading in headings]
            yield Record(line, cells, warning=text if more else "")


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(part, str | int | float) for part in value):
        return join_many(str(part) for part in value)
    if isinstance(value, dict) and not any(
        isinstance(part, dict | list) for part in value.values()
    ):
        return join_pairs(value)
    return json.dumps(value, ensure_ascii=False)


class BrokenJson(Exception):
    """An object that cannot be read; the message says why."""


def _of_lines(file: BinaryIO) -> Iterator[tuple[int, object]]:
    for number, line in enumerate(iter_limited(file), start=1):
        if line is None:
            yield number, BrokenJson(_("larger than %(most)d bytes") % {"most": LONGEST_OBJECT})
        elif line.strip():
            yield number, _parsed(line)


def _parsed(line: bytes) -> object:
    try:
        return json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return BrokenJson(_("the letters are not UTF-8"))
    except (ValueError, RecursionError):
        return BrokenJson(_("not JSON"))


def _of_array(file: BinaryIO) -> Iterator[tuple[int, object]]:
    """Yield the items of an array one by one. What follows a broken one cannot be found."""
    decoder = json.JSONDecoder()
    read = codecs.getreader("utf-8-sig")(file)
    text, number = "", 0
    try:
        text = read.read(CHUNK).lstrip(SPACE)[1:]
        while True:
            text = text.lstrip(f"{SPACE},")
            ended = len(text) >= LONGEST_OBJECT
            item, end = _first(decoder, text)
            # A number at the end of what was read may go on in the next part.
            if not text or end is None or end == len(text):
                more = "" if ended else read.read(CHUNK)
                if more:
                    text += more
                    continue
            if not text or text[0] == "]":
                return
            number += 1
            if end is None:
                yield number, BrokenJson(_("not JSON from here on; what follows was not read"))
                return
            yield number, item
            text = text[end:]
    except UnicodeDecodeError:
        yield number + 1, BrokenJson(_("the letters are not UTF-8; what follows was not read"))


def _first(decoder: json.JSONDecoder, text: str) -> tuple[object, int | None]:
    if not text or text[0] == "]":
        return None, 0
    try:
        return decoder.raw_decode(text)
    except (ValueError, RecursionError):
        return None, None
