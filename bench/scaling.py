"""docs/scaling.md, computed: measured unit costs times what a national portal is asked for.

`python -m bench.scaling` writes the page. The costs below are copied from the rows of `make bench`
that each names; change them here and write the page again. The words around the tables stand in
scaling.md beside this module.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

TEXT = Path(__file__).with_suffix(".md")
PAGE = Path(__file__).resolve().parent.parent / "docs" / "scaling.md"
MONTH = 30 * 24 * 3600
# Half of a core's time stays free, so that an answer seldom waits for another.
BUSY = 0.5

# Memory of a server of 16 GB that an index may take.
HALF_OF_A_SERVER = 8e9


class Cost(NamedTuple):
    """What one of a thing takes, and the part of `make bench` that says so."""

    what: str
    value: float
    unit: str
    bench: str


class Demand(NamedTuple):
    what: str
    value: float
    unit: str


class Line(NamedTuple):
    """One thing that is needed, and how it is worked out."""

    what: str
    arithmetic: str
    value: float
    unit: str


PAGE_MADE = Cost("public page and its database, made", 8.7, "ms", "pages")
PAGE_KEPT = Cost("public page and its database, kept", 1.2, "ms", "pages")
PAGE_SAME = Cost("public page and its database, 304", 1.3, "ms", "pages")
ANSWER_WEB = Cost("recognition, Lite2: web process", 32.3, "ms", "photo_to_answer")
ANSWER_MODEL = Cost("recognition, Lite2: model server", 24.9, "ms", "photo_to_answer")
ANSWER_DATABASE = Cost("recognition, Lite2: database", 5.5, "ms", "photo_to_answer")
ANSWER_WORKER = Cost("recognition, Lite2: workers afterwards", 15.4, "ms", "photo_to_answer")
WORK_WEB = Cost("claim and submit of an image: web process", 4.0, "ms", "annotation_load")
WORK_DATABASE = Cost("claim and submit of an image: database", 2.5, "ms", "annotation_load")
LIST = Cost("partner API and its database, list of 50", 6.1, "ms", "api")
TAKEN_IN = Cost("photo of 12 MP taken in, with renditions", 1.4, "s", "unit_costs")
SEARCH = Cost("search among 200,000 vectors, as its caller waits", 10.6, "ms", "vector_index")
SEARCHED = 200_000
LANDMARK_BYTES = Cost("landmark, names, texts, indexes", 3350, "bytes", "unit_costs")
PHOTO_BYTES = Cost("row of a photo", 642, "bytes", "unit_costs")
ENTRY_BYTES = Cost("entry in the log of changes", 1507, "bytes", "unit_costs")
TASK_BYTES = Cost("image and task of annotation", 419, "bytes", "unit_costs")
WORK_BYTES = Cost("annotation, with its log and event", 1196, "bytes", "unit_costs")
VECTOR_BYTES = Cost("reference photo: vectors and index", 8825, "bytes", "unit_costs")
INDEX_BYTES = Cost("of it, the index that is searched", 1302, "bytes", "vector_index")
FILE_BYTES = Cost("files of a photo, original and renditions", 4.3, "MB", "unit_costs")
COSTS = (
    *(PAGE_MADE, PAGE_KEPT, PAGE_SAME, ANSWER_WEB, ANSWER_MODEL, ANSWER_DATABASE),
    ANSWER_WORKER,
    *(WORK_WEB, WORK_DATABASE, LIST, TAKEN_IN, SEARCH, LANDMARK_BYTES, PHOTO_BYTES),
    *(ENTRY_BYTES, TASK_BYTES, WORK_BYTES, VECTOR_BYTES, INDEX_BYTES, FILE_BYTES),
)

PHOTOS = Demand("photos in the catalogue, all of them references", 5_000_000, "")
LANDMARKS = Demand("landmarks", 25_000, "")
ANNOTATORS = Demand("annotators at work at once", 1_000, "")
VISITS = Demand("visits a month", 10_000_000, "")
PEAK = Demand("busiest minute against the mean of the month", 5, "×")
PAGES = Demand("pages of a visit", 4, "")
MADE = Demand("of the pages, made for this visitor", 30, "%")
KEPT = Demand("of the pages, kept ready", 50, "%")
SAME = Demand("of the pages, unchanged in the browser (304)", 20, "%")
ASKING = Demand("of the visits, ask what a photo shows", 10, "%")
PARTNERS = Demand("lists that partners ask for", 20, "a second")
SECONDS = Demand("of an annotator for an image", 10, "s")
VIEW = Demand("page as it travels, with pictures", 400, "kB")
TAKEN = Demand("photo that a visitor sends", 3, "MB")
SEEN = Demand("picture of an image to annotate", 0.4, "MB")
SENT = Demand("the same as it is stored", 0.5, "MB")
DAYS = Demand("time in which all photos are taken in and described", 10, "days")
DEMANDS = (
    *(PHOTOS, LANDMARKS, ANNOTATORS, VISITS, PEAK, PAGES, MADE, KEPT, SAME, ASKING, PARTNERS),
    *(SECONDS, SEEN, VIEW, TAKEN, SENT, DAYS),
)


class Peak(NamedTuple):
    """What comes in one second of the busiest minute."""

    visits: float
    pages: float
    photos: float
    images: float


def peak() -> Peak:
    visits = VISITS.value / MONTH * PEAK.value
    images = ANNOTATORS.value / SECONDS.value
    return Peak(visits, visits * PAGES.value, visits * ASKING.value / 100, images)


def cores(parts: Sequence[tuple[float, float]]) -> float:
    """Return cores for things of a rate a second that take milliseconds each, half idle."""
    return sum(rate * milliseconds / 1000 for rate, milliseconds in parts) / BUSY


def rates() -> list[Line]:
    at = peak()
    month = f"{VISITS.value:,.0f} ÷ {MONTH:,} s × {PEAK.value:g}"
    return [
        Line("visits", month, at.visits, "a second"),
        Line("pages", f"{at.visits:.1f} × {PAGES.value:g}", at.pages, "a second"),
        Line("photos to recognize", f"{at.visits:.1f} × {ASKING.value:g} %", at.photos, "a second"),
        Line(
            "images annotated",
            f"{ANNOTATORS.value:,.0f} ÷ {SECONDS.value:g} s",
            at.images,
            "a second",
        ),
    ]


def processors() -> list[Line]:
    at = peak()
    web = [
        (at.pages * MADE.value / 100, PAGE_MADE.value),
        (at.pages * KEPT.value / 100, PAGE_KEPT.value),
        (at.pages * SAME.value / 100, PAGE_SAME.value),
        (at.photos, ANSWER_WEB.value),
        (at.images, WORK_WEB.value),
        (PARTNERS.value, LIST.value),
    ]
    # An index of this kind looks at about as many more as the logarithm grows.
    deeper = SEARCH.value * math.log(PHOTOS.value) / math.log(SEARCHED)
    database = [
        (at.photos, ANSWER_DATABASE.value + deeper),
        (at.images, WORK_DATABASE.value),
    ]
    model = [(at.photos, ANSWER_MODEL.value)]
    worker = [(at.photos, ANSWER_WORKER.value)]
    days = DAYS.value * 24 * 3600
    taking = PHOTOS.value * TAKEN_IN.value / days
    describing = PHOTOS.value * ANSWER_MODEL.value / 1000 / days
    return [
        Line("web processes", _sum(web), cores(web), "cores"),
        Line("database", _sum(database), cores(database), "cores"),
        Line("model server", _sum(model), cores(model), "cores"),
        Line("workers", _sum(worker), cores(worker), "cores"),
        Line(
            "workers, for the first photos",
            f"{PHOTOS.value:,.0f} × {TAKEN_IN.value:g} s ÷ {DAYS.value:g} days",
            taking,
            "cores",
        ),
        Line(
            "model server, for the first photos",
            f"{PHOTOS.value:,.0f} × {ANSWER_MODEL.value:g} ms ÷ {DAYS.value:g} days",
            describing,
            "cores",
        ),
    ]


def _sum(parts: Sequence[tuple[float, float]]) -> str:
    inside = " + ".join(f"{rate:.1f} × {milliseconds:.1f}" for rate, milliseconds in parts)
    return f"({inside}) ms ÷ {BUSY:.0%}"


def storage() -> list[Line]:
    count = PHOTOS.value
    rows = [
        ("rows of landmarks", LANDMARKS.value, LANDMARK_BYTES.value),
        ("rows of photos", count, PHOTO_BYTES.value),
        ("log of the import", count + LANDMARKS.value, ENTRY_BYTES.value),
        ("images and tasks", count, TASK_BYTES.value),
        ("annotations", count, WORK_BYTES.value),
        ("vectors of references", count, VECTOR_BYTES.value),
    ]
    lines = [
        Line(f"database: {what}", f"{number:,.0f} × {size:,.0f} bytes", number * size / 1e9, "GB")
        for what, number, size in rows
    ]
    held = count * INDEX_BYTES.value / 1e9
    sent = VISITS.value * ASKING.value / 100
    return [
        *lines,
        Line(
            "database, together",
            "the sum of these",
            sum(line.value for line in lines),
            "GB",
        ),
        Line(
            "memory for the index of vectors",
            f"{count:,.0f} × {INDEX_BYTES.value:,.0f} bytes",
            held,
            "GB",
        ),
        Line(
            "files of photos",
            f"{count:,.0f} × {FILE_BYTES.value:g} MB",
            count * FILE_BYTES.value / 1e6,
            "TB",
        ),
        Line(
            "photos of visitors, 30 days",
            f"{sent:,.0f} × {SENT.value:g} MB",
            sent * SENT.value / 1e6,
            "TB",
        ),
    ]


def bandwidth() -> list[Line]:
    at = peak()
    pages = at.pages * (1 - SAME.value / 100)
    return [
        Line(
            "pages with pictures",
            f"{pages:.1f} × {VIEW.value:g} kB × 8",
            pages * VIEW.value * 8 / 1e3,
            "Mbit/s",
        ),
        Line(
            "pictures for annotators",
            f"{at.images:.0f} × {SEEN.value:g} MB × 8",
            at.images * SEEN.value * 8,
            "Mbit/s",
        ),
        Line(
            "photos from visitors",
            f"{at.photos:.1f} × {TAKEN.value:g} MB × 8",
            at.photos * TAKEN.value * 8,
            "Mbit/s",
        ),
    ]


def page() -> str:
    """Return the whole page."""
    tables = {
        "costs": _table(
            ("one …", "takes", "measured by"),
            [(each.what, _amount(each), f"`make bench ONLY={each.bench}`") for each in COSTS],
        ),
        "demands": _table(
            ("asked for", ""),
            [(each.what, f"{_number(each.value)} {each.unit}".strip()) for each in DEMANDS],
        ),
        "rates": _lines(rates()),
        "processors": _lines(processors()),
        "storage": _lines(storage()),
        "bandwidth": _lines(bandwidth()),
    }
    return TEXT.read_text().format(**tables, **_figures())


def _lines(lines: Sequence[Line]) -> str:
    return _table(
        ("what", "arithmetic", "needed"),
        [(each.what, each.arithmetic, f"{each.value:,.1f} {each.unit}") for each in lines],
    )


def _amount(cost: Cost) -> str:
    kind = " of a processor" if cost.unit in ("ms", "s") else ""
    return f"{_number(cost.value)} {cost.unit}{kind}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:g}"


def _figures() -> dict[str, str]:
    """Return the figures that the text names."""
    processor = {line.what: line.value for line in processors()}
    kept = {line.what: line.value for line in storage()}
    net = {line.what: line.value for line in bandwidth()}
    return {
        "web": f"{processor['web processes']:.1f}",
        "database": f"{processor['database']:.1f}",
        "model": f"{processor['model server']:.1f}",
        "workers": f"{processor['workers, for the first photos']:.1f}",
        "describing": f"{processor['model server, for the first photos']:.1f}",
        "rows": f"{kept['database, together']:.0f}",
        "memory": f"{kept['memory for the index of vectors']:.0f}",
        "fits": f"{HALF_OF_A_SERVER / INDEX_BYTES.value:,.0f}",
        "files": f"{kept['files of photos']:.0f}",
        "pictures": f"{net['pictures for annotators']:.0f}",
    }


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def main() -> int:
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
