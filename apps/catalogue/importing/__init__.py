"""Lists as files → checked rows; pure.

files (bytes → records) → columns (which column is what) → landmark_rows, name_rows (text →
checked values). What the rows do to the database is written in `apps/catalogue/imports`.
"""

from apps.catalogue.importing.landmark_rows import LandmarkRow, check_row, read_rows
from apps.catalogue.importing.problems import RowRefused, UnreadableFile

__all__ = ["LandmarkRow", "RowRefused", "UnreadableFile", "check_row", "read_rows"]
