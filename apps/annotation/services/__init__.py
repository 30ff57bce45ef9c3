"""The verbs of annotation: one module a subject."""
