import django.db.models.deletion
import pgvector.django.bit
import pgvector.django.indexes
from django.db import migrations, models

# Whatever changes one of these, a form, a bulk change or an undo: the renditions are due again.
KEEP_RENDITIONS_DUE = """
CREATE FUNCTION gilnun_photo_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.renditions_due := true;
    NEW.renditions_error := '';
    RETURN NEW;
END $$;
CREATE TRIGGER photo_renditions_due BEFORE UPDATE ON catalogue_photo FOR EACH ROW
    WHEN ((OLD.license_id, OLD.landmark_id, OLD.focal_x, OLD.focal_y, OLD.file)
          IS DISTINCT FROM (NEW.license_id, NEW.landmark_id, NEW.focal_x, NEW.focal_y, NEW.file))
    EXECUTE FUNCTION gilnun_photo_changed();
CREATE FUNCTION gilnun_license_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE catalogue_photo SET renditions_due = true, renditions_error = ''
     WHERE license_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER license_renditions_due AFTER UPDATE ON catalogue_license FOR EACH ROW
    WHEN ((OLD.may_show, OLD.may_modify) IS DISTINCT FROM (NEW.may_show, NEW.may_modify))
    EXECUTE FUNCTION gilnun_license_changed();
"""
FORGET = """
DROP TRIGGER license_renditions_due ON catalogue_license;
DROP FUNCTION gilnun_license_changed();
DROP TRIGGER photo_renditions_due ON catalogue_photo;
DROP FUNCTION gilnun_photo_changed();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0006_short_names_of_provinces"),
    ]

    operations = [
        migrations.CreateModel(
            name="PhotoPreset",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, unique=True, verbose_name="name")),
                ("author", models.CharField(blank=True, max_length=200, verbose_name="author")),
                ("credit", models.CharField(blank=True, max_length=300, verbose_name="credit")),
                (
                    "source",
                    models.CharField(default="staff", max_length=100, verbose_name="source"),
                ),
            ],
            options={
                "verbose_name": "photo preset",
                "verbose_name_plural": "photo presets",
            },
        ),
        migrations.AddField(
            model_name="photo",
            name="author",
            field=models.CharField(blank=True, max_length=200, verbose_name="author"),
        ),
        migrations.AddField(
            model_name="photo",
            name="focal_x",
            field=models.FloatField(
                default=0.5,
                help_text="0 to 1; crops keep it in view",
                verbose_name="focal point, from the left",
            ),
        ),
        migrations.AddField(
            model_name="photo",
            name="focal_y",
            field=models.FloatField(default=0.4, verbose_name="focal point, from above"),
        ),
        migrations.AddField(
            model_name="photo",
            name="perceptual_hash",
            field=pgvector.django.bit.BitField(
                editable=False, help_text="alike for pictures that look alike", length=64, null=True
            ),
        ),
        migrations.AddField(
            model_name="photo",
            name="renditions",
            field=models.JSONField(
                default=dict,
                editable=False,
                help_text='sizes by shape: {"whole": [[width, height], …]}',
            ),
        ),
        migrations.AddField(
            model_name="photo",
            name="renditions_due",
            field=models.BooleanField(default=True, editable=False),
        ),
        migrations.AddField(
            model_name="photo",
            name="renditions_error",
            field=models.TextField(blank=True, editable=False),
        ),
        migrations.AddField(
            model_name="photo",
            name="renditions_key",
            field=models.CharField(blank=True, editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name="photo",
            name="source_url",
            field=models.URLField(blank=True, max_length=500, verbose_name="page of the source"),
        ),
        migrations.AlterField(
            model_name="photo",
            name="credit",
            field=models.CharField(
                blank=True,
                help_text="Shown beside the photo.",
                max_length=300,
                verbose_name="credit",
            ),
        ),
        migrations.AddIndex(
            model_name="photo",
            index=pgvector.django.indexes.HnswIndex(
                fields=["perceptual_hash"], name="photo_looks", opclasses=["bit_hamming_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                models.F("created_at"),
                condition=models.Q(("renditions_due", True)),
                name="photo_renditions_due",
            ),
        ),
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                models.F("renditions_key"),
                condition=models.Q(("renditions_key", ""), _negated=True),
                name="photo_renditions_key",
            ),
        ),
        migrations.AddConstraint(
            model_name="photo",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("focal_x__gte", 0),
                    ("focal_x__lte", 1),
                    ("focal_y__gte", 0),
                    ("focal_y__lte", 1),
                ),
                name="photo_focal_point_inside",
            ),
        ),
        migrations.AddField(
            model_name="photopreset",
            name="license",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="presets",
                to="catalogue.license",
                verbose_name="license",
            ),
        ),
        migrations.RunSQL(KEEP_RENDITIONS_DUE, FORGET),
    ]
