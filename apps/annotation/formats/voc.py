"""Pascal VOC: an XML file an image; its corners count pixels from 1."""

from __future__ import annotations

import xml.etree.ElementTree as XML
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from apps.annotation.formats.rows import ExportedDataset, Row, Stems, folder


def write(dataset: ExportedDataset, rows: Iterable[Row], target: Path) -> None:
    """Write Annotations/*.xml, into a folder or a ZIP."""
    stems = Stems()
    with folder(target) as files:
        for _, of_image in groupby(rows, key=lambda row: row.image_id):
            shown = list(of_image)
            files.write(f"Annotations/{stems.of(shown[0])}.xml", _document(dataset, shown))


def _document(dataset: ExportedDataset, rows: list[Row]) -> str:
    image = rows[0]
    root = XML.Element("annotation")
    _add(root, "folder", image.image_name.rpartition("/")[0])
    _add(root, "filename", image.image_name.rpartition("/")[2])
    _add(XML.SubElement(root, "source"), "database", dataset.name)
    size = XML.SubElement(root, "size")
    for name, value in (("width", image.image_width), ("height", image.image_height), ("depth", 3)):
        _add(size, name, value)
    _add(root, "segmented", 0)
    for row in rows:
        _add_object(root, row)
    XML.indent(root)
    return XML.tostring(root, encoding="unicode") + "\n"


def _add_object(root: XML.Element, row: Row) -> None:
    element = XML.SubElement(root, "object")
    _add(element, "name", row.label)
    _add(element, "pose", "Unspecified")
    _add(element, "truncated", int(row.tags.truncated))
    _add(element, "occluded", int(row.tags.occluded))
    _add(element, "difficult", 0)
    _add(element, "reflection", int(row.tags.reflection))
    _add(element, "none_of_these", int(row.tags.none_of_these))
    box = XML.SubElement(element, "bndbox")
    _add(box, "xmin", round(row.box.x + 1, 2))
    _add(box, "ymin", round(row.box.y + 1, 2))
    _add(box, "xmax", round(row.box.right, 2))
    _add(box, "ymax", round(row.box.bottom, 2))


def _add(parent: XML.Element, name: str, value: object) -> None:
    XML.SubElement(parent, name).text = str(value)
