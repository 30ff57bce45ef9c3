"""Say which exported model answers: `serve_model list | canary NAME | promote | rollback`."""

from __future__ import annotations

import json
import sys
import time

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.recognition import promoting
from apps.recognition.indexing import IndexNotBuilt
from apps.recognition.model_server import ModelChanged, NoSuchExport, unregistered_exports
from apps.recognition.models import ReferenceIndex, ServedModel
from apps.recognition.shadow import comparison


class Command(BaseCommand):
    help = (
        "Let an exported model be compared (canary), answer (promote), or the former one answer "
        "again (rollback); also beside a running portal."
    )

    def add_arguments(self, parser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="models, their stages, and how the canary does")
        canary = verbs.add_parser("canary", help="register an export and build its index")
        canary.add_argument("name")
        canary.add_argument("version", nargs="?", type=int, help="default: the newest")
        promote = verbs.add_parser("promote", help="let the canary, or a named model, answer")
        promote.add_argument("name", nargs="?")
        promote.add_argument("version", nargs="?", type=int, help="default: the newest")
        verbs.add_parser("rollback", help="let the model before it answer again")

    def handle(self, *, verb: str, name: str | None = None, version: int | None = None, **_):
        if verb == "list":
            self._print(listed())
            return
        started, at = time.monotonic(), timezone.now()
        try:
            if verb == "canary":
                index = promoting.register_canary(name, version, at=at, progress=self._progress)
                result = told(index.model) | {"references": index.references}
            else:
                if verb == "promote":
                    done = promoting.promote(name, version, at=at, progress=self._progress)
                else:
                    done = promoting.roll_back(at=at)
                result = told(done.index.model) | {
                    "index": done.index.version,
                    "references": done.index.references,
                    "before": told(done.before) if done.before else None,
                }
        except promoting.UnknownClasses as reason:
            self._refuse(reason, unknown_classes=reason.slugs)
        except (promoting.NotServed, IndexNotBuilt, NoSuchExport, ModelChanged) as reason:
            self._refuse(reason)
        self._print(result | {"seconds": round(time.monotonic() - started, 2)})

    def _progress(self, text: str) -> None:
        self.stderr.write(text)

    def _print(self, values: dict) -> None:
        self.stdout.write(json.dumps(values, ensure_ascii=False))

    def _refuse(self, reason: Exception, **more) -> None:
        self._print({"error": str(reason), **more})
        sys.exit(2)


def told(model: ServedModel) -> dict:
    return {"model": model.name, "version": model.version}


def listed() -> dict:
    """Return the models by stage, with the comparison of those that were asked beside another."""
    indexes = {}
    for index in ReferenceIndex.objects.order_by("version").defer(*ReferenceIndex.LARGE):
        indexes[index.model_id] = index
    models = []
    for model in ServedModel.objects.order_by("name", "version"):
        index, compared = indexes.get(model.pk), comparison(model)
        models.append(
            told(model)
            | {
                "stage": model.stage,
                "index": index.version if index else None,
                "references": index.references if index else None,
                "shadow": _rounded(compared._asdict()) if compared.asked else None,
            }
        )
    by_stage = {each["stage"]: each for each in models}
    return {
        "stable": by_stage.get("stable"),
        "canary": by_stage.get("canary"),
        "models": models,
        "exports": unregistered_exports(settings.MODELS_DIR),
    }


def _rounded(values: dict) -> dict:
    return {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in values.items()
    }
