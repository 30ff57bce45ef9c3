"""A landmark as a Wagtail page: names, a category, a region, one image."""

from django.db import models
from wagtail.api import APIField
from wagtail.models import Page
from wagtail.search import index


class Category(models.Model):
    name = models.CharField(max_length=100)


class Region(models.Model):
    name = models.CharField(max_length=100)


class Place(Page):
    name_ko = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200, blank=True)
    category = models.ForeignKey(Category, models.PROTECT)
    region = models.ForeignKey(Region, models.PROTECT)
    image = models.ForeignKey("wagtailimages.Image", models.SET_NULL, null=True)

    search_fields = [
        *Page.search_fields,
        index.SearchField("name_ko"),
        index.SearchField("name_en"),
    ]
    api_fields = [
        APIField("name_ko"),
        APIField("name_en"),
        APIField("category"),
        APIField("region"),
    ]
