"""Whoever builds an index lets the database look at it: only the owner of a table may.

Until it has looked, a new index of many references is read whole for every photo.
"""

from django.db import migrations

ANALYZE = """
CREATE FUNCTION gilnun_analyze_references() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    ANALYZE recognition_referenceembedding, recognition_prototype;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("recognition", "0008_photo_matches")]

    operations = [migrations.RunSQL(ANALYZE, "DROP FUNCTION gilnun_analyze_references()")]
