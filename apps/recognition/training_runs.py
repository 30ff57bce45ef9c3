"""The loop: completed annotations → shards → train → export → evaluate → canary.

Each stage is a command that anybody could give by hand, in a process of its own: the portal
never imports TensorFlow. What a stage said is kept, so that a stopped run goes on after it;
training itself goes on from its last checkpoint.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from apps.catalogue.models import Photo
from apps.recognition import promoting
from apps.recognition.indexing import IndexNotBuilt
from apps.recognition.model_server import ModelChanged, NoSuchExport
from apps.recognition.models import ReferenceIndex, ServedModel, TrainingRun

STAGES = ("annotations", "shards", "train", "export", "evaluate", "canary")
# Of pictures that show no landmark so many are enough to measure rejection by.
NONLANDMARKS = 400
TOLD_OF_A_FAULT = 2000  # characters
Progress = Callable[[str], None]


class StageFailed(Exception):
    """A stage cannot be done; the run stays where it is and can go on from there."""


class RunIsOther(Exception):
    """A run of this name learns something else."""


class RunIsBusy(Exception):
    """Another process works on this run."""


class Stage(NamedTuple):
    """A finished stage, and whether it was finished by an earlier attempt."""

    name: str
    said: dict
    earlier: bool


def begin_or_resume(
    name: str, *, config: str, changes: list[str], datasets: list[int], at: datetime
) -> TrainingRun:
    """Return the run of this name, made where there is none. Raises RunIsOther."""
    run, new = TrainingRun.objects.get_or_create(
        name=name,
        defaults={"config": config, "changes": changes, "datasets": datasets, "started_at": at},
    )
    same = (run.config, run.changes, run.datasets) == (config, changes, datasets)
    if not new and not same:
        raise RunIsOther(
            f"{name} trains {run.config} on datasets {run.datasets}; give this one another name."
        )
    return run


def go_on(run: TrainingRun, *, progress: Progress) -> Iterator[Stage]:
    """Do what a run still lacks, stage by stage. Raises StageFailed and RunIsBusy."""
    with _OnlyOne(run.name):
        run.state, run.error = TrainingRun.State.RUNNING, ""
        run.save(update_fields=["state", "error"])
        for name in STAGES:
            if name in run.stages:
                yield Stage(name, run.stages[name], earlier=True)
                continue
            started = time.monotonic()
            try:
                said = _STEPS[name](run, folder_of(run), progress)
            except StageFailed as reason:
                run.state, run.error = TrainingRun.State.FAILED, str(reason)
                run.save(update_fields=["state", "error"])
                raise
            run.stages[name] = said | {"seconds": round(time.monotonic() - started, 1)}
            run.save(update_fields=["stages", "model"])
            yield Stage(name, run.stages[name], earlier=False)
        run.state, run.finished_at = TrainingRun.State.DONE, timezone.now()
        run.save(update_fields=["state", "finished_at"])


def folder_of(run: TrainingRun) -> Path:
    """Return where the files of a run lie."""
    return settings.DATA_DIR / "training" / run.name


# stages


def _annotations(run: TrainingRun, folder: Path, progress: Progress) -> dict:
    """Write the completed annotations whose licenses allow training, with their pictures."""
    counted: dict[str, int] = {"annotations": 0, "pictures": 0, "left_out": 0}
    for dataset in run.datasets:
        output = io.StringIO()
        target = folder / "annotations" / str(dataset)
        try:
            call_command(
                "export_annotations",
                dataset=dataset,
                format="coco",
                output=target,
                with_images=True,
                stdout=output,
            )
        except CommandError as reason:
            raise StageFailed(str(reason)) from reason
        said = _last_line(output.getvalue())
        counted = {key: total + said[key] for key, total in counted.items()}
        progress(f"dataset {dataset}: {said['annotations']} annotations")
    if not counted["annotations"]:
        raise StageFailed(
            "There is no completed annotation that may be used for training. Annotations count "
            "once they are accepted, or submitted where nobody reviews."
        )
    return counted


def _shards(run: TrainingRun, folder: Path, progress: Progress) -> dict:
    sources = [
        folder / "annotations" / str(dataset) / "annotations.json" for dataset in run.datasets
    ]
    options = ["--output", folder / "shards", "--folders", folder / "pictures"]
    # Some pictures that cannot be read are listed, and no reason to stop.
    return _ml("data.shards", [*sources, *options], progress, fine=(0, 1))


def _train(run: TrainingRun, folder: Path, progress: Progress) -> dict:
    def note(line: dict) -> None:
        if "learning_rate" in line:
            # Trained on from a checkpoint, the steps after it are told once more.
            run.log = [each for each in run.log if each["step"] < line["step"]] + [line]
            run.save(update_fields=["log"])
            progress(f"step {line['step']} of {line['of']}: {line['held_out_top1']:.1%} right")

    options = ["--config", run.config, "--shards", folder / "shards", "--output", folder / "run"]
    if run.changes:
        options += [word for change in run.changes for word in ("--set", change)]
    return _ml("train", options, progress, note=note)


def _export(run: TrainingRun, folder: Path, progress: Progress) -> dict:
    return _ml("export", ["--run", folder / "run", "--output", settings.MODELS_DIR], progress)


def _evaluate(run: TrainingRun, folder: Path, progress: Progress) -> dict:
    """Measure the new model and the one that answers on the same pictures, as they are served."""
    if not (folder / "pictures" / "queries").is_dir():
        raise StageFailed(
            "No picture was kept out of training to measure with: a landmark needs at least "
            "four pictures that are not alike."
        )
    _write_nonlandmarks(folder / "pictures" / "nonlandmarks")
    exported = run.stages["export"]
    found = {"new": _measured(folder, "new", Path(exported["folder"]), progress)}
    present = ReferenceIndex.objects.filter(active=True).select_related("model").first()
    if present is not None:
        kept = settings.MODELS_DIR / present.model.name / str(present.model.version)
        if kept.is_dir():
            found["present"] = _measured(folder, "present", kept, progress)
            details = [folder / "present-answers.json", folder / "new-answers.json"]
            found["compared"] = _ml("compare", details, progress)
    return found


def _measured(folder: Path, name: str, export: Path, progress: Progress) -> dict:
    pictures = folder / "pictures"
    options = ["--export", export, "--no-cache"]
    options += ["--references", pictures / "references", "--queries", pictures / "queries"]
    options += ["--html", folder / f"{name}.html", "--details", folder / f"{name}-answers.json"]
    if any((pictures / "nonlandmarks").iterdir()):
        options += ["--nonlandmark", pictures / "nonlandmarks"]
    return _ml("evaluate", options, progress)


def _write_nonlandmarks(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    wanted = Photo.objects.nonlandmarks().filter(license__may_train=True).order_by("pk")
    for photo in wanted[:NONLANDMARKS]:
        with photo.file.open("rb") as content:
            (folder / f"{photo.pk}.jpg").write_bytes(content.read())


def _canary(run: TrainingRun, folder: Path, progress: Progress) -> dict:
    exported = run.stages["export"]
    try:
        index = promoting.register_canary(
            exported["model"], exported["version"], at=timezone.now(), progress=progress
        )
    except promoting.UnknownClasses as reason:
        raise StageFailed(f"{reason} {', '.join(reason.slugs)}") from reason
    except (promoting.NotServed, IndexNotBuilt, NoSuchExport, ModelChanged) as reason:
        raise StageFailed(str(reason)) from reason
    run.model = ServedModel.objects.get(pk=index.model_id)
    return {
        "model": run.model.name,
        "version": run.model.version,
        "references": index.references,
    }


_STEPS = {
    "annotations": _annotations,
    "shards": _shards,
    "train": _train,
    "export": _export,
    "evaluate": _evaluate,
    "canary": _canary,
}


# commands


def _ml(
    module: str,
    options: list,
    progress: Progress,
    *,
    note: Callable[[dict], None] = lambda line: None,
    fine: tuple[int, ...] = (0,),
) -> dict:
    """Run a command of `ml`; return its last line. note: is told each JSON line as it comes."""
    progress(f"ml.{module}")
    command = [sys.executable, "-m", f"ml.{module}", *map(str, options)]
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as faults,
        subprocess.Popen(
            command, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, stderr=faults, text=True
        ) as process,
    ):
        last = ""
        for line in process.stdout:
            last = line
            if line.startswith("{"):
                note(json.loads(line))
        code = process.wait()
        if code not in fine:
            faults.seek(0)
            raise StageFailed(f"ml.{module} ended with {code}: {faults.read()[-TOLD_OF_A_FAULT:]}")
    return _last_line(last)


def _last_line(text: str) -> dict:
    return json.loads(text.splitlines()[-1])


class _OnlyOne:
    """Holds a run for this process; the database lets go of it when the process dies."""

    def __init__(self, name: str):
        self._name = f"training run {name}"

    def __enter__(self) -> None:
        if not self._ask("pg_try_advisory_lock"):
            raise RunIsBusy(self._name)

    def __exit__(self, *fault) -> None:
        self._ask("pg_advisory_unlock")

    def _ask(self, function: str) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(hashtextextended(%s, 0))", [self._name])
            return cursor.fetchone()[0]
