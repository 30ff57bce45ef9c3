"""The formats of an export: each writes rows to a path. A new one is a file and a line here."""

from apps.annotation.formats import aihub, coco, csv_rows, voc, yolo

FORMATS = {
    "coco": coco.write,
    "aihub": aihub.write,
    "yolo": yolo.write,
    "voc": voc.write,
    "csv": csv_rows.write,
}
