"""AI Hub's folders: [라벨]…/{class}/*.json, and the pictures in [원천]…/{class}/."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from apps.annotation.sources.files import files_below

PICTURES_MARK = "[원천]"
SUFFIXES = (".jpg", ".jpeg", ".png")
# A folder of pictures has either few parts (a region's name once more) or its classes.
MOST_PARTS = 50


def label_files(root: Path, *, after: str = "") -> Iterator[str]:
    """Yield the JSON files below a folder, see `files_below`."""
    for path in files_below(str(root), after=after):
        if path.lower().endswith((".json", "/")):
            yield path


class PictureFolders:
    """Finds the picture that a label file is about, by its class's folder."""

    def __init__(self, root: Path):
        # A class's files come one after the other: the last few listings are enough.
        self._names = lru_cache(maxsize=64)(_names)
        self._pictures_in = lru_cache(maxsize=4)(_pictures_in)
        self._of_class = lru_cache(maxsize=4)(self._folders_of_class)
        parents = [str(root)]
        parents += [path for name in _names(parents[0]) if os.path.isdir(path := f"{root}/{name}")]
        self._roots = [
            os.path.join(parent, name)
            for parent in parents
            for name in _names(parent)
            if unicodedata.normalize("NFC", name).startswith(PICTURES_MARK)
        ]

    def find(self, label_folder: str, file_name: str, stem: str) -> str:
        """Return the path of a picture, "" where there is none."""
        class_name = os.path.basename(label_folder)
        for pictures in [*self._of_class(class_name), label_folder]:
            present = self._pictures_in(pictures)
            for wanted in (file_name, *(stem + suffix for suffix in SUFFIXES)):
                if name := present.get(_key(wanted)):
                    return os.path.join(pictures, name)
        return ""

    def _folders_of_class(self, class_name: str) -> list[str]:
        found = []
        for root in self._roots:
            parts = self._names(root)
            wanted = [root]
            if len(parts) <= MOST_PARTS:
                wanted += [os.path.join(root, part) for part in parts]
            paths = (os.path.join(parent, class_name) for parent in wanted)
            found += [path for path in paths if os.path.isdir(path)]
        return found


def _key(name: str) -> str:
    """Names that a Mac wrote are decomposed; suffixes come in both cases."""
    return unicodedata.normalize("NFC", name).lower()


def _names(folder: str) -> tuple[str, ...]:
    try:
        return tuple(sorted(os.listdir(folder)))
    except OSError:
        return ()


def _pictures_in(folder: str) -> dict[str, str]:
    """Return the pictures of a folder by what their names are compared by."""
    names = _names(folder)
    return {_key(name): name for name in names if name.lower().endswith(SUFFIXES)}
