"""Which state of the content a page shows: what is kept of it is good while that stays."""

from __future__ import annotations

from django.utils import timezone

from apps.operations.statements import fetch_one

# All that public pages show: landmarks and what belongs to them (settled changes and those that
# wait), texts that went live by the clock, routes, and what recognition finds alike.
VERSION = """concat_ws('.',
    (SELECT epoch FROM catalogue_contentfeed),
    (SELECT max(position) FROM catalogue_landmarkcontent),
    -- A change of a lower number may be committed after one of a higher number.
    (SELECT concat_ws('-', max(id), count(*))
       FROM (SELECT id FROM catalogue_contentchange ORDER BY id DESC LIMIT 100) waiting),
    (SELECT extract(epoch FROM max(published_at)) FROM guide_article
      WHERE state = 'published' AND published_at <= {now}),
    (SELECT concat_ws('-', count(*), sum(version)) FROM guide_route),
    (SELECT id FROM recognition_referenceindex WHERE active))"""
PRESENT = f"SELECT {VERSION.format(now='%(now)s')}"  # nosec B608


def content_version() -> str:
    """Return a text that is another one whenever any public page may show something else."""
    return fetch_one(PRESENT, {"now": timezone.now()})[0]
