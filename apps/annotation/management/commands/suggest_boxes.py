"""Suggest boxes for the images of a dataset, from where the model that answers looks."""

from __future__ import annotations

import json
import sys

from django.core.management.base import BaseCommand, CommandError

from apps.annotation.models import Dataset
from apps.annotation.services.suggesting import CannotSuggest, suggest_boxes


class Command(BaseCommand):
    help = "Suggest a box for each image of a dataset that has none. Repeating adds what is new."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--dataset", type=int, required=True, metavar="ID")

    def handle(self, *, dataset: int, **options) -> None:
        held = Dataset.objects.filter(pk=dataset).first()
        if held is None:
            raise CommandError(f"There is no dataset {dataset}.")
        suggested = left = 0
        try:
            for found in suggest_boxes(held):
                suggested += found
                left += not found
                if (suggested + left) % 100 == 0:
                    self.stderr.write(f"{suggested + left} images")
        except CannotSuggest as reason:
            self.stdout.write(json.dumps({"error": str(reason), "suggested": suggested}))
            sys.exit(2)
        self.stdout.write(json.dumps({"suggested": suggested, "without": left}))
        if left:
            sys.exit(1)
