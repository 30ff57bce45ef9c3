from django.db import migrations, models

# What a photo shows; its texts stand on the page, too (before: migration 0013).
BEFORE = (
    *("landmark_id", "file", "width", "height", "license_id", "credit", "author", "source"),
    *("source_url", "focal_x", "focal_y", "renditions_key"),
)
SHOWN = (*BEFORE, "alt_texts", "captions")
# What is public stays so: where nobody said what a photo shows, it says whose photo it is.
NAME = """
    coalesce((SELECT text FROM catalogue_landmarkname
               WHERE landmark_id = landmark.id AND kind = 'official'
               ORDER BY CASE language WHEN '{language}' THEN 0 WHEN 'ko' THEN 1 ELSE 2 END, id
               LIMIT 1), landmark.slug)"""
DESCRIBE = f"""
UPDATE catalogue_photo photo
   SET alt_texts = jsonb_build_object(
           'ko', named.ko || CASE WHEN drawn THEN ' 그림' ELSE ' 사진' END,
           'en', CASE WHEN drawn THEN 'Drawing of ' ELSE 'Photo of ' END || named.en),
       captions = jsonb_build_object('ko', named.ko, 'en', named.en)
  FROM (SELECT landmark.id, {NAME.format(language="ko")} AS ko, {NAME.format(language="en")} AS en
          FROM catalogue_landmark landmark) named,
       (VALUES (true), (false)) kind(drawn)
 WHERE photo.landmark_id = named.id AND drawn = (photo.source = 'gilnun-demo')
"""  # nosec B608


def noting(columns: tuple[str, ...]) -> str:
    old, new = (", ".join(f"{row}.{column}" for column in columns) for row in ("was", "fresh"))
    changed = f"new_rows fresh JOIN old_rows was USING (id) WHERE ({old}) IS DISTINCT FROM ({new})"
    return f"""
CREATE OR REPLACE FUNCTION gilnun_content_photo() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz := clock_timestamp();
    keys bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        keys := ARRAY(SELECT DISTINCT landmark_id FROM new_rows WHERE landmark_id IS NOT NULL);
    ELSIF TG_OP = 'DELETE' THEN
        keys := ARRAY(SELECT DISTINCT landmark_id FROM old_rows WHERE landmark_id IS NOT NULL);
    ELSE
        keys := ARRAY(
            SELECT was.landmark_id FROM {changed} AND was.landmark_id IS NOT NULL
            UNION
            SELECT fresh.landmark_id FROM {changed} AND fresh.landmark_id IS NOT NULL);
    END IF;
    IF keys = '{{}}' THEN RETURN NULL; END IF;
    INSERT INTO catalogue_contentchange (landmark_id, at) SELECT unnest(keys), moment;

    RETURN NULL;
END $$;"""  # nosec B608


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0021_search_entries"),
    ]

    operations = [
        migrations.AddField(
            model_name="photo",
            name="alt_texts",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="What is to be seen, for who cannot see it. Needed for publication.",
                verbose_name="alternative text",
            ),
        ),
        migrations.AddField(
            model_name="photo",
            name="captions",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="Stands beneath the photo. Needed for publication.",
                verbose_name="caption",
            ),
        ),
        # Before the trigger knows the texts: partners need not read the whole catalogue again.
        migrations.RunSQL(DESCRIBE, migrations.RunSQL.noop),
        migrations.RunSQL(noting(SHOWN), noting(BEFORE)),
    ]
