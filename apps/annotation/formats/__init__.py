"""The formats of an export: each writes rows to a path. A new one is a file and a line here."""

from apps.annotation.formats import aihub, coco, csv_rows, voc, yolo

FORMATS = {
    "coco": coco.write,
    "aihub": aihub.write,
    "yolo": yolo.write,
    "voc": voc.write,
    "csv": csv_rows.write,
}
# These write one file; with pictures beside it, it has this name.
ONE_FILE = {"coco": "annotations.json", "csv": "annotations.csv"}
# Where a format's readers look for the pictures, and AI Hub's also for the labels.
PICTURES = {
    "coco": "images",
    "aihub": "[원천]",
    "yolo": "images",
    "voc": "JPEGImages",
    "csv": "images",
}
