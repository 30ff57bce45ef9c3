"""What an import reads: opened from a path or from what was uploaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

from django.core.files.storage import default_storage

from apps.annotation.models import ImageImport
from apps.annotation.services.aihub_import import AihubImport
from apps.annotation.services.importing import PictureImport, Source
from apps.annotation.sources.coco import CocoPictures
from apps.annotation.sources.entries import SourceRefused
from apps.annotation.sources.files import ArchiveFiles, Files, FolderFiles
from apps.annotation.sources.plain import PlainPictures
from apps.annotation.sources.table import ListedPictures

ARCHIVE, LIST = "archive", "list"  # roles of uploads
LISTS = {ImageImport.Kind.TABLE: ListedPictures, ImageImport.Kind.COCO: CocoPictures}
LISTS_BY_SUFFIX = {".csv": ListedPictures, ".json": CocoPictures}


def kind_of(path: Path) -> str:
    """Return what a path on this machine is, by its look. Raises SourceRefused."""
    if path.is_dir():
        aihub = any(each.name.startswith("[라벨]") for each in path.iterdir())
        return ImageImport.Kind.AIHUB if aihub else ImageImport.Kind.FOLDER
    if not path.is_file():
        raise SourceRefused("no_source", str(path))
    kinds = {
        ".zip": ImageImport.Kind.ARCHIVE,
        ".csv": ImageImport.Kind.TABLE,
        ".json": ImageImport.Kind.COCO,
    }
    if path.suffix.lower() not in kinds:
        raise SourceRefused("unknown_kind", path.suffix)
    return kinds[path.suffix.lower()]


def import_further(run: ImageImport, *, at: datetime) -> Iterator[int]:
    """Go on with an import; yield how many files were dealt with. Raises SourceRefused."""
    if run.kind == ImageImport.Kind.AIHUB:
        yield from AihubImport(run, at=at).go_on()
        return
    with opened(run) as source:
        if run.total != source.total:
            ImageImport.objects.filter(pk=run.pk).update(total=source.total)
        yield from PictureImport(run, source, at=at).go_on()


@contextmanager
def opened(run: ImageImport) -> Iterator[Source]:
    """Open what an import reads. Raises SourceRefused."""
    with ExitStack() as stack:
        try:
            yield _source(run, stack)
        except FileNotFoundError as fault:
            raise SourceRefused("no_source", str(fault.filename)) from fault


def _source(run: ImageImport, stack: ExitStack) -> Source:
    if run.kind == ImageImport.Kind.FOLDER:
        return PlainPictures(FolderFiles(Path(run.source)))
    if run.kind == ImageImport.Kind.ARCHIVE:
        files = ArchiveFiles(stack.enter_context(_opener(run, ARCHIVE)()))
        return _listed_inside(files) or PlainPictures(files)
    return LISTS[run.kind](_opener(run, LIST), _files_beside(run, stack))


def _files_beside(run: ImageImport, stack: ExitStack) -> Files:
    """Return the files that a list speaks of: of its folder, or of a ZIP that came with it."""
    if ARCHIVE in run.uploads:
        return ArchiveFiles(stack.enter_context(_opener(run, ARCHIVE)()))
    images = Path(run.options.get("images") or Path(run.source).parent)
    if images.suffix.lower() == ".zip":
        return ArchiveFiles(stack.enter_context(images.open("rb")))
    return FolderFiles(images)


def _opener(run: ImageImport, role: str) -> Callable[[], BinaryIO]:
    if role in run.uploads:
        return partial(default_storage.open, run.uploads[role], "rb")
    return partial(open, run.source, "rb")


def _listed_inside(files: ArchiveFiles) -> Source | None:
    """Return the list that a ZIP carries beside its pictures: the only CSV or JSON that is one."""
    for suffix, list_type in LISTS_BY_SUFFIX.items():
        names = [name for name in files.names() if name.lower().endswith(suffix)]
        if len(names) == 1:
            try:
                source = list_type(partial(files.open, names[0]), files)
                next(source.entries(), None)
            except SourceRefused:
                continue
            return source
    return None
