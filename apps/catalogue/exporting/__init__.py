"""Rows of the catalogue → files that can be imported again.

exports (what each kind of list holds) → formats (rows → CSV, XLSX, JSON, streamed).
"""
