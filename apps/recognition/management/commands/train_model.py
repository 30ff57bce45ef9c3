"""Learn from completed annotations, as far as a canary: `train_model NAME --dataset ID`."""

from __future__ import annotations

import json
import sys
import time

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.recognition import training_runs
from apps.recognition.training_jobs import NAME


class Command(BaseCommand):
    help = (
        "Completed annotations → shards → training → export → evaluation beside the model that "
        "answers → canary. One JSON line for each stage. Stopped and started again with the same "
        "NAME, it goes on where it was. See Training runs in the admin."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("name", help="small letters, digits and hyphens; also its folder")
        parser.add_argument("--dataset", type=int, nargs="+", required=True, metavar="ID")
        parser.add_argument("--config", default="small_arcface", help="a file of ml/configs")
        parser.add_argument("--set", nargs="+", default=[], metavar="FIELD=VALUE")

    def handle(self, *, name: str, dataset: list[int], config: str, **options) -> None:
        if not NAME.fullmatch(name):
            raise CommandError("NAME is small letters, digits and hyphens.", returncode=2)
        started = time.monotonic()
        run = None
        try:
            run = training_runs.begin_or_resume(
                name,
                config=config,
                changes=options["set"],
                datasets=dataset,
                at=timezone.now(),
            )
            for stage in training_runs.go_on(run, progress=self.stderr.write):
                self._print({"stage": stage.name, "earlier": stage.earlier, **stage.said})
        except training_runs.RunIsBusy:
            self._refuse(name, "Another process works on this run.")
        except (training_runs.StageFailed, training_runs.RunIsOther) as reason:
            self._refuse(name, str(reason))
        self._print(
            {
                "run": name,
                "model": run.model.name,
                "version": run.model.version,
                "folder": str(training_runs.folder_of(run)),
                "seconds": round(time.monotonic() - started, 1),
            }
        )

    def _refuse(self, name: str, reason: str) -> None:
        self._print({"run": name, "error": reason})
        sys.exit(2)

    def _print(self, values: dict) -> None:
        self.stdout.write(json.dumps(values, ensure_ascii=False))
        self.stdout.flush()
