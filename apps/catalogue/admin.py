from django.contrib import admin

from apps.catalogue.models import (
    Category,
    CategoryName,
    Landmark,
    LandmarkName,
    License,
    Photo,
    Region,
    RegionName,
)


class CategoryNames(admin.TabularInline):
    model = CategoryName
    extra = 0


class RegionNames(admin.TabularInline):
    model = RegionName
    extra = 0


class LandmarkNames(admin.TabularInline):
    model = LandmarkName
    extra = 1
    readonly_fields = ["search_form", "initial_consonants"]


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):
    list_display = ["slug", "__str__", "parent"]
    search_fields = ["slug", "names__text"]
    inlines = [CategoryNames]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("names", "parent__names")


@admin.register(Region)
class RegionAdmin(admin.ModelAdmin):
    list_display = ["code", "__str__"]
    search_fields = ["code", "names__text"]
    inlines = [RegionNames]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("names", "parent__names")


@admin.register(License)
class LicenseAdmin(admin.ModelAdmin):
    list_display = ["code", "name", "may_show", "may_modify", "may_train", "needs_credit"]


@admin.register(Landmark)
class LandmarkAdmin(admin.ModelAdmin):
    list_display = ["slug", "__str__", "category", "region", "state", "updated_at"]
    list_filter = ["state"]
    search_fields = ["slug"]
    autocomplete_fields = ["parent", "category", "region"]
    readonly_fields = ["created_at", "updated_at"]
    inlines = [LandmarkNames]

    def get_queryset(self, request):
        return super().get_queryset(request).with_names()

    def get_search_results(self, request, queryset, search_term):
        if not search_term:
            return queryset, False
        return queryset.search(search_term), False

    def get_readonly_fields(self, request, obj=None):
        # The address of a landmark is known to other software: it never changes.
        return [*self.readonly_fields, "slug"] if obj else self.readonly_fields

    def save_model(self, request, obj, form, change) -> None:
        from django.utils import timezone

        obj.updated_at = timezone.now()
        if not change:
            obj.created_at = obj.updated_at
        super().save_model(request, obj, form, change)


@admin.register(Photo)
class PhotoAdmin(admin.ModelAdmin):
    list_display = ["id", "landmark", "reference", "license", "source", "width", "height"]
    list_filter = ["reference", "shows_no_landmark", "license"]
    list_select_related = ["license"]
    raw_id_fields = ["landmark"]
    readonly_fields = ["file", "sha256", "bytes", "width", "height", "created_at"]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("landmark__names")

    def has_add_permission(self, request) -> bool:
        # Pictures enter through import_photos, which checks and re-encodes them.
        return False
