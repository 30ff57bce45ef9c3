from django.db import migrations

COLUMNS = ("landmark_id", "language", "title", "body", "state", "published_at", "announced_at")
OLD, NEW = (", ".join(f"{row}.{name}" for name in COLUMNS) for row in ("was", "fresh"))
# Drafts are nobody's news.
CHANGED = f"""new_rows fresh JOIN old_rows was USING (id)
             WHERE ({OLD}) IS DISTINCT FROM ({NEW}) AND 'published' IN (was.state, fresh.state)"""
# An article may go live by itself: the database says so at that very moment (the version counts
# what is live), and the feed when it is announced, a few seconds later.
KEEP = f"""
CREATE FUNCTION gilnun_content_article() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moment timestamptz := clock_timestamp();
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO catalogue_contentchange (landmark_id, at)
        SELECT DISTINCT landmark_id, moment FROM new_rows WHERE state = 'published';
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO catalogue_contentchange (landmark_id, at)
        SELECT DISTINCT landmark_id, moment FROM old_rows WHERE state = 'published';
    ELSE
        INSERT INTO catalogue_contentchange (landmark_id, at)
        SELECT was.landmark_id, moment FROM {CHANGED}
        UNION
        SELECT fresh.landmark_id, moment FROM {CHANGED};
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER content_after_insert AFTER INSERT ON guide_article
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION gilnun_content_article();
CREATE TRIGGER content_after_delete AFTER DELETE ON guide_article
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION gilnun_content_article();
CREATE TRIGGER content_after_update AFTER UPDATE ON guide_article
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION gilnun_content_article();

CREATE OR REPLACE FUNCTION gilnun_content_version(landmark bigint) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT concat_ws('.', (SELECT epoch FROM catalogue_contentfeed),
        coalesce((SELECT version FROM catalogue_landmarkcontent WHERE landmark_id = landmark), 0)
        + (SELECT count(*) FROM catalogue_contentchange WHERE landmark_id = landmark),
        (SELECT count(*) FROM guide_article
          WHERE landmark_id = landmark AND state = 'published' AND published_at <= statement_timestamp()))
$$;
CREATE OR REPLACE FUNCTION gilnun_content_changed_at(landmark bigint) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT greatest(
        (SELECT changed_at FROM catalogue_landmarkcontent WHERE landmark_id = landmark),
        (SELECT max(at) FROM catalogue_contentchange WHERE landmark_id = landmark),
        (SELECT max(published_at) FROM guide_article
          WHERE landmark_id = landmark AND state = 'published' AND published_at <= statement_timestamp()))
$$;
"""  # nosec B608
FORGET = """
CREATE OR REPLACE FUNCTION gilnun_content_version(landmark bigint) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT concat_ws('.', (SELECT epoch FROM catalogue_contentfeed),
        coalesce((SELECT version FROM catalogue_landmarkcontent WHERE landmark_id = landmark), 0)
        + (SELECT count(*) FROM catalogue_contentchange WHERE landmark_id = landmark))
$$;
CREATE OR REPLACE FUNCTION gilnun_content_changed_at(landmark bigint) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT greatest(
        (SELECT changed_at FROM catalogue_landmarkcontent WHERE landmark_id = landmark),
        (SELECT max(at) FROM catalogue_contentchange WHERE landmark_id = landmark))
$$;
DROP FUNCTION gilnun_content_article CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0013_content_versions"),
        ("guide", "0006_article_last_changed"),
    ]

    operations = [migrations.RunSQL(KEEP, FORGET)]
