from django.contrib import admin
from django.db.models import Case, IntegerField, Q, Value, When
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from apps.catalogue.admin.scope import ScopedAdmin
from apps.catalogue.models import Category, CategoryAlias, CategoryName, Region, RegionName
from apps.catalogue.models.naming import name_for
from apps.operations.conflicts import VersionedAdmin


class CategoryNames(TabularInline):
    model = CategoryName
    extra = 0


class CategoryAliases(TabularInline):
    """What imported lists call the category."""

    model = CategoryAlias
    extra = 0


class RegionNames(TabularInline):
    model = RegionName
    extra = 0


class TreeAdmin(ScopedAdmin, VersionedAdmin):
    """A tree whose names, aliases too, are rows of their own."""

    autocomplete_fields = ["parent"]
    audited_relations = ["names"]
    show_full_result_count = False
    list_per_page = 50

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .select_related("parent__parent")
            .prefetch_related("names", "parent__names", "parent__parent__names")
        )

    def label_of(self, key: str) -> str:
        """Return the names from the root down to a chosen node, in one query."""
        names = self.model._meta.get_field("names").related_model.objects
        link = self.model._meta.get_field("names").field.name
        levels = [f"{link}__children__children", f"{link}__children", link]
        within = Q(*[Q((level, key)) for level in levels], _connector=Q.OR)
        whens = [When(Q((level, key)), then=Value(depth)) for depth, level in enumerate(levels)]
        by_depth: dict[int, list] = {}
        found = names.filter(within).annotate(depth=Case(*whens, output_field=IntegerField()))
        for name in found.order_by("depth", "pk"):
            by_depth.setdefault(name.depth, []).append(name)
        return " ".join(name_for(each, get_language()) for each in by_depth.values())

    @admin.display(description=_("name"))
    def name(self, node) -> str:
        return node.name_in(get_language())

    @admin.display(description=_("part of"))
    def path(self, node) -> str:
        return " › ".join(each.name_in(get_language()) for each in node.chain()[:-1])


@admin.register(Category)
class CategoryAdmin(TreeAdmin):
    list_display = ["name", "path", "slug"]
    search_fields = ["slug", "names__text", "parent__names__text"]
    ordering = ["slug"]
    inlines = [CategoryNames, CategoryAliases]
    audited_relations = ["names", "aliases"]


@admin.register(Region)
class RegionAdmin(TreeAdmin):
    list_display = ["name", "path", "code"]
    search_fields = ["code", "names__text", "parent__names__text"]
    ordering = ["code"]
    inlines = [RegionNames]
