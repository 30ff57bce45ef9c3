"""Bring database, queue, static files, model and first content to where the portal can start."""

from __future__ import annotations

import hashlib
import json
import secrets

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import ensure_roles
from apps.catalogue.models import Photo
from apps.recognition import serving
from apps.recognition.indexing import build_from_photos
from apps.recognition.model_server import (
    ModelChanged,
    add_local_model,
    registered_model,
    running_model_server,
    write_config,
)
from apps.recognition.models import ReferenceIndex, ServedModel
from portal.queue import install_queue

# About a minute of work; beyond that a person decides when the portal starts later.
PHOTOS_DESCRIBED_AT_START = 1000


class Command(BaseCommand):
    help = "Set up everything `make run` needs. Repeating changes nothing."

    def handle(self, **options) -> None:
        self.stderr.write("Database tables")
        call_command("migrate", database="owner", interactive=False, verbosity=0)
        ensure_roles()
        call_command("check", databases=["default"], stdout=self.stderr)
        if settings.QUEUE_CONNINFO:
            install_queue(settings.QUEUE_CONNINFO)
        self._collect_static()
        self.stderr.write("Model")
        try:
            model = registered_model()
            add_local_model()
            write_config(model)
        except ModelChanged as reason:
            raise CommandError(str(reason)) from reason
        password = ""
        try:
            if not User.objects.filter(is_superuser=True).exists():
                self._seed()
                password = self._make_administrator()
            self._follow(model)
        except serving.ServingUnavailable as reason:
            raise CommandError(f"{reason}. Start it and set up again.") from reason
        write_config(model)
        self.stdout.write(json.dumps({"password": password or None}))

    def _follow(self, model: ServedModel) -> None:
        """Let recognition answer with the model of the settings; large catalogues choose when."""
        index = ReferenceIndex.objects.filter(active=True).select_related("model").first()
        if index is None or index.model_id == model.pk:
            return
        if index.model.chosen_at:
            self.stderr.write(f"{index.model} answers, as it was promoted.")
            return
        if Photo.objects.references().count() > PHOTOS_DESCRIBED_AT_START:
            self.stderr.write(f"Run serve_model promote {model.name} to answer with {model}.")
            return
        self.stderr.write(f"References for {model}")
        with running_model_server(model, patience=settings.MODEL_SERVER_START_SECONDS):
            build_from_photos(model, at=timezone.now())

    def _collect_static(self) -> None:
        """Collect static files when one of them changed."""
        files = sorted(path for path in (settings.BASE_DIR / "static").rglob("*") if path.is_file())
        state = hashlib.sha256(
            repr([(str(path), path.stat().st_mtime_ns) for path in files]).encode()
        ).hexdigest()
        stamp = settings.DATA_DIR / "static.stamp"
        if stamp.exists() and stamp.read_text() == state and settings.STATIC_ROOT.exists():
            return
        self.stderr.write("Static files")
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        stamp.write_text(state)

    def _seed(self) -> None:
        if settings.SEED == "none":
            return
        self.stderr.write("First content")
        call_command("seed_demo", catalogue_only=settings.SEED == "catalogue", stdout=self.stderr)

    @transaction.atomic
    def _make_administrator(self) -> str:
        password = settings.ADMIN_PASSWORD or secrets.token_urlsafe(12)
        User.objects.create_superuser("admin", password=password)
        return password
