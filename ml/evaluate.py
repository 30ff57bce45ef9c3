"""Measure recognition on folders of pictures, as it is served.

    python -m ml.evaluate --references DIR --queries DIR [--nonlandmark DIR]
        [--unknown DIR] [--new-references DIR --new-queries DIR] [--json FILE]
        [--profile NAME | --export MODELS/NAME/VERSION]

References, queries and new ones: DIR/CLASS/picture. The pictures go through the
serving client to a model server: an embedded one that is started here with the
exported profile (exported first where it is missing), or one at --address. The
protocol stands in `ml.evaluation`. Prints a table and, last, one JSON object.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from ml.client import ServingClient, ServingError
from ml.contract import DEFAULT_PROFILE, PROFILES, Labels, read_labels
from ml.evaluation import Collection, Pictures, Report, evaluate
from ml.export import ensure_exported
from ml.export_folder import checksum
from ml.model_config import CONFIG_FILE, ConfiguredModel, config_text
from ml.pictures import (
    ClassPictures,
    Describer,
    NoPictures,
    UnreadablePicture,
    in_class_folders,
    pictures_below,
)
from ml.report import Query, html_report
from ml.serving.process import PROJECT, ModelServerProcess

DATA = PROJECT / ".gilnun"
# In the order of the table; the rest of the report follows in the JSON.
MEASURES = (
    "top1",
    "top5",
    "gap",
    "ece",
    "auroc_nonlandmark",
    "auroc_unknown",
    "new_top1",
    "new_top5",
)


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if (options.new_references is None) != (options.new_queries is None):
        _parser().error("--new-references and --new-queries go together")
    try:
        result = run(options)
    except (NoPictures, UnreadablePicture, ServingError) as error:
        print(f"ml.evaluate: {error}", file=sys.stderr)
        return 2
    if options.json is not None:
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result))
    return 0


def run(options: argparse.Namespace) -> dict:
    """The JSON object of an evaluation, its table printed."""
    started = time.monotonic()
    folder = options.export or ensure_exported(options.models, options.profile)
    models = options.export.parent.parent if options.export else options.models
    labels = read_labels(folder)
    with ExitStack() as stack:
        address = options.address or stack.enter_context(_serving(labels, models)).address
        client = ServingClient(address)
        stack.callback(client.close)
        cache = None if options.no_cache else DATA / "embeddings"
        describer = Describer(client, labels, checksum=checksum(folder), cache=cache)
        collection = read_collection(options, describer)
        describer.save()
    report = evaluate(collection)
    _print_table(report, labels)
    if options.html is not None or options.details is not None:
        _write_details(report, labels, options)
    return {
        **report.values,
        "intervals": {name: list(interval) for name, interval in report.intervals.items()},
        "notes": report.notes,
        "model": labels.model,
        "version": labels.version,
        "profile": labels.profile,
        "seconds": round(time.monotonic() - started, 1),
    }


@contextmanager
def _serving(labels: Labels, models: Path) -> Iterator[ModelServerProcess]:
    """Serve this one version; a folder may hold many."""
    one = ConfiguredModel(labels.model, labels.model, (labels.version,), {})
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, CONFIG_FILE)
        config.write_text(config_text([one]), encoding="utf-8")
        with ModelServerProcess(models, "--model-config", str(config)) as server:
            yield server


def read_collection(options: argparse.Namespace, describer: Describer) -> Collection:
    """The embeddings of all folders that the options name."""
    names: dict[str, int] = {}
    embed = describer.embeddings
    nothing = embed([])
    return Collection(
        references=_pictures(options.references, describer, names),
        queries=_pictures(options.queries, describer, names),
        nonlandmarks=embed(pictures_below(options.nonlandmark)) if options.nonlandmark else nothing,
        unknown=embed(pictures_below(options.unknown)) if options.unknown else None,
        new_references=_pictures(options.new_references, describer, names),
        new_queries=_pictures(options.new_queries, describer, names),
    )


def _pictures(folder: Path | None, describer: Describer, names: dict[str, int]) -> Pictures | None:
    if folder is None:
        return None
    pictures: ClassPictures = in_class_folders(folder)
    labels = [names.setdefault(name, len(names)) for name in pictures.classes]
    return Pictures(describer.embeddings(pictures.files), np.array(labels, dtype=np.int64))


def _write_details(report: Report, labels: Labels, options: argparse.Namespace) -> None:
    """Write what became of each query: as a page to look at, and as JSON for `ml.compare`."""
    references, asked = in_class_folders(options.references), in_class_folders(options.queries)
    names = list(dict.fromkeys([*references.classes, *asked.classes]))
    queries = [
        Query(
            file,
            truth,
            names[ranking.candidates[0].label],
            ranking.candidates[0].probability,
            next(
                (
                    place
                    for place, each in enumerate(ranking.candidates)
                    if names[each.label] == truth
                ),
                -1,
            ),
        )
        for file, truth, ranking in zip(asked.files, asked.classes, report.known, strict=True)
    ]
    title = f"{labels.model} {labels.version}"
    if options.html is not None:
        examples = dict(zip(references.classes, references.files, strict=True))
        page = html_report(title, report.values, report.intervals, report.notes, queries, examples)
        options.html.write_text(page, encoding="utf-8")
    if options.details is not None:
        rows = [
            query._asdict() | {"file": query.file.relative_to(options.queries).as_posix()}
            for query in queries
        ]
        text = json.dumps({"model": title, "queries": rows}, indent=1, ensure_ascii=False)
        options.details.write_text(text + "\n", encoding="utf-8")


def _print_table(report: Report, labels: Labels) -> None:
    print(f"{labels.model} {labels.version} ({labels.profile}), {report.values['n']} queries")
    for name in MEASURES:
        low, high = report.intervals[name]
        print(f"  {name:<18} {report.values[name]:.4f}   95 %: {low:.4f} to {high:.4f}")
    for note in report.notes:
        print(f"  {note}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ml.evaluate", description="Measure recognition as it is served."
    )
    add = parser.add_argument
    add("--references", type=Path, required=True, metavar="DIR")
    add("--queries", type=Path, required=True, metavar="DIR")
    add("--nonlandmark", type=Path, metavar="DIR", help="even files fit, odd ones measure")
    add("--unknown", type=Path, metavar="DIR", help="landmarks that no reference shows")
    add("--new-references", type=Path, metavar="DIR")
    add("--new-queries", type=Path, metavar="DIR")
    add("--json", type=Path, metavar="FILE")
    add("--html", type=Path, metavar="FILE", help="a report with plots and pictures, in one file")
    add("--details", type=Path, metavar="FILE", help="what became of each query, for ml.compare")
    add("--profile", choices=PROFILES, default=DEFAULT_PROFILE)
    add("--export", type=Path, metavar="DIR", help="MODELS/NAME/VERSION instead of a profile")
    add("--models", type=Path, default=DATA / "models", metavar="DIR")
    add("--address", metavar="HOST:PORT", help="a running model server with this model")
    add("--no-cache", action="store_true", help="embed every picture again")
    return parser


if __name__ == "__main__":
    sys.exit(main())
