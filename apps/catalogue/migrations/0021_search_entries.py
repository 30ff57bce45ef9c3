import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

# Rows are locked first and read afterwards, in a statement that sees what a writer who had the
# lock has done: of two who name the same landmark at once neither is missed.
ENTRIES = r"""
CREATE FUNCTION gilnun_search_entries(keys bigint[]) RETURNS void
LANGUAGE plpgsql SET enable_nestloop = off AS $$
BEGIN
    PERFORM FROM catalogue_searchentry WHERE landmark_id = ANY (keys)
      ORDER BY landmark_id FOR UPDATE;
    INSERT INTO catalogue_searchentry AS held (landmark_id, published, slug, form, initials)
    SELECT landmark.id, landmark.state = 'published', landmark.slug,
           coalesce(names.form, '')
           || CASE WHEN landmark.address_form = '' THEN ''
                   ELSE E'\v' || landmark.address_form || E'\v' END,
           coalesce(names.initials, '')
      FROM catalogue_landmark landmark
      LEFT JOIN (
           SELECT landmark_id,
                  coalesce(E'\n' || string_agg(search_form, E'\n' ORDER BY id)
                           FILTER (WHERE kind = 'official') || E'\n', '')
                  || coalesce(E'\t' || string_agg(search_form, E'\t' ORDER BY id)
                              FILTER (WHERE kind <> 'official') || E'\t', '') AS form,
                  coalesce(E'\n' || string_agg(initial_consonants, E'\n' ORDER BY id)
                           FILTER (WHERE kind = 'official' AND initial_consonants ~ '[ㄱ-ㅎ]')
                           || E'\n', '')
                  || coalesce(E'\t' || string_agg(initial_consonants, E'\t' ORDER BY id)
                              FILTER (WHERE kind <> 'official' AND initial_consonants ~ '[ㄱ-ㅎ]')
                              || E'\t', '') AS initials
             FROM catalogue_landmarkname WHERE landmark_id = ANY (keys) GROUP BY landmark_id
           ) names ON names.landmark_id = landmark.id
     WHERE landmark.id = ANY (keys)
    ON CONFLICT (landmark_id) DO UPDATE
       SET published = excluded.published, slug = excluded.slug, form = excluded.form,
           initials = excluded.initials
     WHERE (held.published, held.slug, held.form, held.initials)
           IS DISTINCT FROM
           (excluded.published, excluded.slug, excluded.form, excluded.initials);
END $$;

CREATE FUNCTION gilnun_search_landmark() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    keys bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM gilnun_search_entries(ARRAY(SELECT id FROM new_rows));
    ELSIF TG_OP = 'DELETE' THEN
        DELETE FROM catalogue_searchentry WHERE landmark_id IN (SELECT id FROM old_rows);
    ELSE
        UPDATE catalogue_searchentry held
           SET published = fresh.state = 'published', slug = fresh.slug
          FROM new_rows fresh
         WHERE held.landmark_id = fresh.id
           AND (held.published, held.slug) IS DISTINCT FROM
               (fresh.state = 'published', fresh.slug);
        keys := ARRAY(SELECT fresh.id FROM new_rows fresh JOIN old_rows was USING (id)
                       WHERE fresh.address_form IS DISTINCT FROM was.address_form);
        IF keys <> '{}' THEN PERFORM gilnun_search_entries(keys); END IF;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION gilnun_name_pieces(text text) RETURNS SETOF text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    -- Syllables of the name closed up, whatever stands between its words.
    SELECT substr(form, start, length)
      FROM normalize(gilnun_search_form(text), NFC) form,
           generate_series(1, char_length(form) - 1) start, generate_series(2, 3) length
     WHERE start + length - 1 <= char_length(form)
       AND substr(form, start, length) !~ '[^가-힣]'
    UNION ALL
    SELECT word FROM regexp_split_to_table(lower(normalize(text, NFC)), '[^a-z]+') word
     WHERE char_length(word) >= 3
$$;

-- Without a look at rows of other transactions: a piece that two add at once is there twice.
CREATE FUNCTION gilnun_search_pieces(names text[]) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO catalogue_namepiece (text)
    SELECT DISTINCT piece FROM unnest(names) name, gilnun_name_pieces(name) piece
     WHERE NOT EXISTS (SELECT FROM catalogue_namepiece WHERE text = piece)
$$;

CREATE FUNCTION gilnun_search_landmarkname() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    keys bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        keys := ARRAY(SELECT DISTINCT landmark_id FROM new_rows);
        PERFORM gilnun_search_pieces(ARRAY(SELECT DISTINCT text FROM new_rows));
    ELSIF TG_OP = 'DELETE' THEN
        keys := ARRAY(SELECT DISTINCT landmark_id FROM old_rows);
    ELSE
        keys := ARRAY(
            SELECT unnest(ARRAY[was.landmark_id, fresh.landmark_id])
              FROM new_rows fresh JOIN old_rows was USING (id)
             WHERE (was.landmark_id, was.kind, was.text)
                   IS DISTINCT FROM (fresh.landmark_id, fresh.kind, fresh.text));
        PERFORM gilnun_search_pieces(ARRAY(SELECT DISTINCT text FROM new_rows));
    END IF;
    IF keys <> '{}' THEN PERFORM gilnun_search_entries(keys); END IF;
    RETURN NULL;
END $$;
"""
ROWS = {
    "INSERT": "NEW TABLE AS new_rows",
    "DELETE": "OLD TABLE AS old_rows",
    "UPDATE": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
}
# One trigger a statement, not a row: a change of thousands costs little more than itself.
TRIGGERS = "".join(
    f"CREATE TRIGGER search_after_{event.lower()} AFTER {event} ON catalogue_{table}"
    f" REFERENCING {rows} FOR EACH STATEMENT EXECUTE FUNCTION gilnun_search_{table}();\n"
    for table in ("landmark", "landmarkname")
    for event, rows in ROWS.items()
)
FIRST = """
SELECT gilnun_search_entries(ARRAY(SELECT id FROM catalogue_landmark));
SELECT gilnun_search_pieces(ARRAY(SELECT DISTINCT text FROM catalogue_landmarkname));
"""
FORGET = """
DROP FUNCTION gilnun_search_landmark, gilnun_search_landmarkname CASCADE;
DROP FUNCTION gilnun_search_pieces, gilnun_name_pieces, gilnun_search_entries;
"""


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0020_note_of_withdrawal")]

    operations = [
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                (
                    "landmark",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="search_entry",
                        serialize=False,
                        to="catalogue.landmark",
                    ),
                ),
                ("published", models.BooleanField()),
                ("slug", models.CharField(max_length=120)),
                ("form", models.TextField()),
                ("initials", models.TextField()),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass("form", name="gin_trgm_ops"),
                        name="search_entry_form",
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass("initials", name="gin_trgm_ops"),
                        name="search_entry_initials",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NamePiece",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.CharField(max_length=200)),
            ],
            options={"indexes": [models.Index(fields=["text"], name="name_piece")]},
        ),
        migrations.RunSQL(ENTRIES + TRIGGERS + FIRST, FORGET),
        migrations.RemoveIndex(model_name="landmarkname", name="landmark_name_search"),
        migrations.RemoveIndex(model_name="landmarkname", name="landmark_name_consonants"),
        migrations.RemoveIndex(model_name="landmark", name="landmark_address_search"),
    ]
