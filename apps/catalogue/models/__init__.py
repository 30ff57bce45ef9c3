from apps.catalogue.models.landmark import Landmark, LandmarkName, LandmarkRedirect
from apps.catalogue.models.license import License
from apps.catalogue.models.note import LandmarkNote
from apps.catalogue.models.photo import Photo
from apps.catalogue.models.tree import Category, CategoryName, Region, RegionName

__all__ = [
    "Category",
    "CategoryName",
    "Landmark",
    "LandmarkName",
    "LandmarkNote",
    "LandmarkRedirect",
    "License",
    "Photo",
    "Region",
    "RegionName",
]
