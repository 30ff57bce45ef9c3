"""One HTML file of an evaluation: figures, reliability plot, and pictures of what went wrong.

Self-contained: plots are SVG, pictures small JPEGs inside the file. It holds the pictures that
were measured; whoever may not see those may not see the report.
"""

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

BINS = 10
MOST_CONFUSED = 40
THUMBNAIL = 160
PLOT = 320
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem }
table { border-collapse: collapse } td, th { padding: .3rem .8rem; text-align: left }
tbody tr:nth-child(odd) { background: #f2f5f3 } .sheet { display: flex; flex-wrap: wrap; gap: 1rem }
figure { margin: 0; width: 340px } figure img { height: 120px; margin-right: 4px }
figcaption { font-size: 14px } .wrong { color: #a32424 }
"""


class Query(NamedTuple):
    """One measured picture: what it shows, the first place, its probability, and the place of
    the right one from 0 (−1: not among the candidates)."""

    file: Path
    truth: str
    first: str
    probability: float
    place: int


def html_report(
    title: str,
    values: Mapping[str, float],
    intervals: Mapping[str, Sequence[float]],
    notes: Sequence[str],
    queries: Sequence[Query],
    examples: Mapping[str, Path],
) -> str:
    """Return the page. examples: a reference picture of each class that may be shown."""
    parts = [
        f"<h1>{escape(title)}</h1>",
        _table(values, intervals),
        *(f"<p>{escape(note)}</p>" for note in notes),
        "<h2>Reliability</h2>",
        "<p>Of pictures given a probability, the share that was right; larger dots are more.</p>",
        reliability_plot(queries),
        "<h2>Classes named wrong most</h2>",
        _class_table(queries),
        f"<h2>Taken for another landmark: the surest {MOST_CONFUSED}</h2>",
        _confused(queries, examples),
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}'
        f"</title><style>{STYLE}</style></head><body>{''.join(parts)}</body></html>"
    )


def _table(values: Mapping[str, float], intervals: Mapping[str, Sequence[float]]) -> str:
    rows = []
    for name, value in values.items():
        low, high = intervals.get(name, (None, None))
        between = "" if low is None else f"{low:.4f} to {high:.4f}"
        rows.append(f"<tr><th>{escape(name)}</th><td>{value:.4f}</td><td>{between}</td></tr>")
    head = "<thead><tr><th>measure</th><th>value</th><th>95 %</th></tr></thead>"
    return f"<table>{head}<tbody>{''.join(rows)}</tbody></table>"


def reliability_plot(queries: Sequence[Query]) -> str:
    """SVG: share right over probability in ten bins, with the diagonal of a calibrated model."""
    chances = np.array([query.probability for query in queries])
    right = np.array([query.place == 0 for query in queries])
    bin_of = np.clip(np.ceil(chances * BINS).astype(int) - 1, 0, BINS - 1)
    marks = []
    for one in range(BINS):
        chosen = bin_of == one
        if not chosen.any():
            continue
        x, y = chances[chosen].mean() * PLOT, (1 - right[chosen].mean()) * PLOT
        radius = 3 + 12 * np.sqrt(chosen.mean())
        marks.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="#1f7a5a" fill-opacity=".7">'
            f"<title>{int(chosen.sum())} pictures: {chances[chosen].mean():.2f} said, "
            f"{right[chosen].mean():.2f} right</title></circle>"
        )
    return (
        f'<svg viewBox="-30 -10 {PLOT + 50} {PLOT + 50}" width="{PLOT + 50}" role="img"'
        ' aria-label="share right over probability">'
        f'<rect width="{PLOT}" height="{PLOT}" fill="none" stroke="#999"/>'
        f'<line x1="0" y1="{PLOT}" x2="{PLOT}" y2="0" stroke="#999" stroke-dasharray="4"/>'
        f"{''.join(marks)}"
        f'<text x="0" y="{PLOT + 20}">0</text><text x="{PLOT - 8}" y="{PLOT + 20}">1</text>'
        f'<text x="{PLOT / 2 - 40}" y="{PLOT + 34}">probability</text>'
        f'<text x="-24" y="{PLOT}">0</text><text x="-24" y="12">1</text></svg>'
    )


def _class_table(queries: Sequence[Query]) -> str:
    by_class: dict[str, list[Query]] = {}
    for query in queries:
        by_class.setdefault(query.truth, []).append(query)
    rows = []
    for truth, asked in by_class.items():
        wrong = [query for query in asked if query.place != 0]
        if wrong:
            taken = max({query.first for query in wrong}, key=[q.first for q in wrong].count)
            rows.append((len(wrong) / len(asked), truth, len(wrong), len(asked), taken))
    rows.sort(key=lambda row: (-row[0], row[1]))
    cells = "".join(
        f"<tr><td>{escape(truth)}</td><td>{wrong} of {asked}</td><td>{escape(taken)}</td></tr>"
        for _, truth, wrong, asked, taken in rows[:MOST_CONFUSED]
    )
    head = "<thead><tr><th>class</th><th>wrong</th><th>mostly taken for</th></tr></thead>"
    return f"<table>{head}<tbody>{cells}</tbody></table>" if cells else "<p>None.</p>"


def _confused(queries: Sequence[Query], examples: Mapping[str, Path]) -> str:
    wrong = sorted(
        (query for query in queries if query.place != 0), key=lambda query: -query.probability
    )
    figures = [
        f"<figure>{_picture(query.file)}"
        f"{_picture(examples[query.first]) if query.first in examples else ''}"
        f'<figcaption>{escape(query.truth)}, taken for <span class="wrong">{escape(query.first)}'
        f"</span> ({query.probability:.0%})</figcaption></figure>"
        for query in wrong[:MOST_CONFUSED]
    ]
    return f'<div class="sheet">{"".join(figures)}</div>' if figures else "<p>None.</p>"


def _picture(file: Path) -> str:
    with Image.open(file) as image:
        small = ImageOps.exif_transpose(image).convert("RGB")
    small.thumbnail((2 * THUMBNAIL, THUMBNAIL))
    content = io.BytesIO()
    small.save(content, "JPEG", quality=80)
    data = base64.b64encode(content.getvalue()).decode()
    return f'<img alt="" src="data:image/jpeg;base64,{data}">'
