from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.catalogue.models.naming import name_for

# Its one district is the whole of it.
SEJONG = "KR-50"


class NameKind(models.TextChoices):
    OFFICIAL = "official", _("official")
    ALIAS = "alias", _("also called")
    FORMER = "former", _("former")
    ROMANIZED = "romanized", _("romanized")


class Category(models.Model):
    """A node of the category tree; AI Hub's Type1 and Type2 are its first two levels."""

    slug = models.SlugField(_("code"), max_length=80, unique=True)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("part of"),
    )

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        constraints = [
            models.CheckConstraint(
                name="category_not_its_own_parent", condition=~models.Q(parent=models.F("id"))
            )
        ]

    def __str__(self) -> str:
        return self.name_in("ko") or self.slug

    def name_in(self, language: str) -> str:
        return name_for(self.names.all(), language)

    def chain(self) -> list[Category]:
        """Return the category and its ancestors, root first."""
        nodes = [self]
        while nodes[0].parent is not None:
            nodes.insert(0, nodes[0].parent)
        return nodes


class CategoryName(models.Model):
    category = models.ForeignKey(Category, models.CASCADE, related_name="names")
    language = models.CharField(_("language"), max_length=10)
    kind = models.CharField(
        _("kind"),
        max_length=10,
        choices=NameKind.choices,
        default=NameKind.OFFICIAL,
        editable=False,
    )
    text = models.CharField(_("name"), max_length=100)

    class Meta:
        verbose_name = _("name")
        verbose_name_plural = _("names")
        constraints = [
            models.UniqueConstraint(
                name="category_name_once_per_language", fields=["category", "language"]
            )
        ]

    def __str__(self) -> str:
        return self.text


class CategoryAlias(models.Model):
    """What lists of other people call a category: 문화재 is our 문화유산, "역사/고궁" our 궁궐.

    The text is a name, or a path with the levels joined by "/". Staff edit it; imports read it.
    """

    text = models.CharField(
        _("as written in lists"),
        max_length=200,
        unique=True,
        help_text=_("A name, or several levels joined by “/”."),
    )
    category = models.ForeignKey(
        Category, models.CASCADE, related_name="aliases", verbose_name=_("category")
    )

    class Meta:
        verbose_name = _("alias of a category")
        verbose_name_plural = _("aliases of categories")
        constraints = [
            models.CheckConstraint(name="category_alias_not_empty", condition=~models.Q(text=""))
        ]

    def __str__(self) -> str:
        return self.text


class Region(models.Model):
    """A 시도, or a 시군구 within one. The code never changes; names do."""

    code = models.CharField(_("code"), max_length=60, unique=True)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("part of"),
    )

    class Meta:
        verbose_name = _("region")
        verbose_name_plural = _("regions")
        constraints = [
            models.CheckConstraint(
                name="region_not_its_own_parent", condition=~models.Q(parent=models.F("id"))
            )
        ]

    def __str__(self) -> str:
        return " ".join(region.name_in("ko") for region in self.chain())

    def name_in(self, language: str) -> str:
        return name_for(self.names.all(), language)

    @property
    def is_too_large(self) -> bool:
        """Say whether a place needs a smaller region: this one is a province with districts."""
        return self.parent_id is None and self.code != SEJONG

    def chain(self) -> list[Region]:
        """Return the region and what it lies in, largest first."""
        nodes = [self]
        while nodes[0].parent is not None:
            nodes.insert(0, nodes[0].parent)
        return nodes


class RegionName(models.Model):
    """A name of a region; aliases may be dated (강원도 until 2023-06-10)."""

    region = models.ForeignKey(Region, models.CASCADE, related_name="names")
    language = models.CharField(_("language"), max_length=10)
    kind = models.CharField(
        _("kind"), max_length=10, choices=NameKind.choices, default=NameKind.OFFICIAL
    )
    text = models.CharField(_("name"), max_length=100)
    valid_from = models.DateField(_("from"), null=True, blank=True)
    valid_until = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("name")
        verbose_name_plural = _("names")
        constraints = [
            models.UniqueConstraint(
                name="region_one_official_name_per_language",
                fields=["region", "language"],
                condition=models.Q(kind="official"),
            ),
            models.UniqueConstraint(
                name="region_name_once", fields=["region", "language", "kind", "text"]
            ),
        ]

    def __str__(self) -> str:
        return self.text
