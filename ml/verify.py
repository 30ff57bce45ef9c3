"""How often does geometry confirm a right candidate, and how often a wrong one?

    python -m ml.verify --references DIR --queries DIR [--local MODELS/NAME/VERSION]

As the portal verifies: of each query the first five landmarks, of each its two nearest
references, local features of the served model, matched; a candidate counts by the better of its
two. From the even queries the threshold is taken at which --false of the wrong candidates (those
that look most alike) are confirmed; the odd ones measure it, and whether the order by inliers
would name more of them right. Prints a table, last one JSON object.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ml.client import ServingClient, ServingError
from ml.contract import PROFILES, InvalidLabels, Labels, read_labels
from ml.export import ensure_exported
from ml.export_folder import checksum
from ml.inference.index import fit_index
from ml.inference.local_features import StoredFeatures, stored
from ml.inference.local_matching import match
from ml.inference.verification import REFERENCES_EACH, strongest_served
from ml.model_config import CONFIG_FILE, ConfiguredModel, config_text
from ml.pictures import (
    ClassPictures,
    Describer,
    NoPictures,
    UnreadablePicture,
    in_class_folders,
    read_pixels,
)
from ml.serving.process import PROJECT, ModelServerProcess

FIRST = 5
TIMEOUT_SECONDS = 60.0
DATA = PROJECT / ".gilnun"


class Checked(NamedTuple):
    """A candidate of a query: whether it is the right one, and its inliers."""

    query: int
    right: bool
    inliers: int


class Shares(NamedTuple):
    """What share of right and of wrong candidates is confirmed, and of how many of each."""

    right: float
    wrong: float
    rights: int
    wrongs: int


class Reordered(NamedTuple):
    """What share of queries is named right by the order found, and by inliers."""

    as_found: float
    by_inliers: float
    queries: int


def threshold_for(checked: list[Checked], false_share: float) -> int:
    """The fewest inliers that at most this share of the wrong candidates reaches."""
    wrong = np.array([each.inliers for each in checked if not each.right])
    return next(
        least
        for least in range(1, int(wrong.max(initial=0)) + 2)
        if (wrong >= least).mean() <= false_share
    )


def shares(checked: list[Checked], least: int) -> Shares:
    """How much of right and wrong candidates reaches `least` inliers."""
    right = np.array([each.inliers >= least for each in checked if each.right])
    wrong = np.array([each.inliers >= least for each in checked if not each.right])
    return Shares(float(right.mean()), float(wrong.mean()), len(right), len(wrong))


def reordered(checked: list[Checked], least: int) -> Reordered:
    """What share of the queries has the right landmark first, as found and with the candidate
    of the most inliers first where it has at least `least`. checked: of each query in order."""
    before, after = [], []
    for _, group in itertools.groupby(checked, key=lambda each: each.query):
        listed = list(group)
        best = max(listed, key=lambda each: each.inliers)
        before.append(listed[0].right)
        after.append(best.right if best.inliers >= least else listed[0].right)
    return Reordered(float(np.mean(before)), float(np.mean(after)), len(before))


def candidates(
    references: ClassPictures, queries: ClassPictures, describer: Describer
) -> Iterator[tuple[int, bool, list[Path]]]:
    """Of each query its first landmarks: its number, whether it is right, nearest references."""
    names = {name: number for number, name in enumerate(dict.fromkeys(references.classes))}
    labels = np.array([names[name] for name in references.classes])
    none = describer.embeddings([])
    built = fit_index(describer.embeddings(references.files), labels, none)
    asked = built.projection.apply(describer.embeddings(queries.files))
    for number, similarities in enumerate(asked @ built.references.T):
        nearest: dict[int, list[Path]] = {}
        for place in np.argsort(-similarities):
            if len(nearest) == FIRST and labels[place] not in nearest:
                continue
            own = nearest.setdefault(int(labels[place]), [])
            if len(own) < REFERENCES_EACH:
                own.append(references.files[place])
        for label, files in nearest.items():
            yield number, names.get(queries.classes[number]) == label, files


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        checked, seconds = _check(options)
    except (NoPictures, UnreadablePicture, InvalidLabels, ServingError) as error:
        print(f"ml.verify: {error}", file=sys.stderr)
        return 2
    fitting = [each for each in checked if each.query % 2 == 0]
    measuring = [each for each in checked if each.query % 2]
    least = threshold_for(fitting, options.false)
    result = {"least_inliers": least, "seconds": round(seconds, 1)}
    for name, part in (("fitted", fitting), ("measured", measuring)):
        found = shares(part, least)
        result |= {f"{name}_{key}": round(value, 4) for key, value in found._asdict().items()}
        print(
            f"{name}: {found.right:.1%} of {found.rights} right and {found.wrong:.2%} of "
            f"{found.wrongs} wrong candidates have {least} inliers or more"
        )
    order = reordered(measuring, least)
    result |= {key: round(value, 4) for key, value in order._asdict().items()}
    print(
        f"measured: {order.as_found:.1%} of {order.queries} named right as found, "
        f"{order.by_inliers:.1%} with the most inliers first"
    )
    if options.least:
        given = shares(checked, options.least)
        result |= {f"given_{key}": round(value, 4) for key, value in given._asdict().items()}
        print(
            f"all, at {options.least}: {given.right:.1%} of {given.rights} right and "
            f"{given.wrong:.2%} of {given.wrongs} wrong ones"
        )
    print(json.dumps(result))
    return 0


def _check(options: argparse.Namespace) -> tuple[list[Checked], float]:
    """All candidates with their inliers, and how long matching them took."""
    folder = ensure_exported(options.models, options.profile)
    local_folder = options.local or ensure_exported(options.models, "local")
    labels, local = read_labels(folder), read_labels(local_folder)
    references = in_class_folders(options.references)
    queries = _some(in_class_folders(options.queries), options.most)
    with _serving((folder, labels), (local_folder, local)) as client:
        describer = Describer(client, labels, checksum=checksum(folder), cache=DATA / "embeddings")
        listed = list(candidates(references, queries, describer))
        describer.save()

        @cache
        def features(file: Path) -> StoredFeatures:
            found = client.local_features(
                read_pixels(file, local),
                model=local.model,
                version=local.version,
                timeout=TIMEOUT_SECONDS,
            )
            return stored(strongest_served(found))

        checked = []
        started = time.monotonic()
        for number, right, files in listed:
            query = features(queries.files[number])
            inliers = max(match(query, features(file)).inliers for file in files)
            checked.append(Checked(number, right, inliers))
        return checked, time.monotonic() - started


@contextmanager
def _serving(*exports: tuple[Path, Labels]) -> Iterator[ServingClient]:
    """A client of a server with just these versions."""
    with tempfile.TemporaryDirectory() as made:
        models, configured = Path(made), []
        for folder, labels in exports:
            (models / labels.model).mkdir()
            (models / labels.model / str(labels.version)).symlink_to(folder.resolve())
            configured.append(ConfiguredModel(labels.model, labels.model, (labels.version,), {}))
        config = models / CONFIG_FILE
        config.write_text(config_text(configured), encoding="utf-8")
        with ModelServerProcess(models, "--model-config", str(config)) as server:
            client = ServingClient(server.address)
            try:
                yield client
            finally:
                client.close()


def _some(pictures: ClassPictures, most: int) -> ClassPictures:
    """At most so many, drawn with a fixed seed, in their order."""
    if len(pictures.files) <= most:
        return pictures
    chosen = np.random.default_rng(0).choice(len(pictures.files), most, replace=False)
    chosen.sort()
    return ClassPictures(
        [pictures.files[place] for place in chosen], [pictures.classes[place] for place in chosen]
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ml.verify", description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--references", type=Path, required=True, metavar="DIR")
    add("--queries", type=Path, required=True, metavar="DIR")
    add("--local", type=Path, metavar="DIR", help="an export of local features")
    add("--profile", choices=PROFILES, default="lite2", help="what finds the first five")
    add("--models", type=Path, default=DATA / "models", metavar="DIR")
    add("--most", type=int, default=200, metavar="N", help="queries, drawn with a fixed seed")
    add("--false", type=float, default=0.01, metavar="SHARE", help="of wrong candidates confirmed")
    add("--least", type=int, metavar="INLIERS", help="measure this threshold on all queries, too")
    return parser


if __name__ == "__main__":
    sys.exit(main())
