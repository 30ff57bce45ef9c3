from apps.catalogue.models.catalogue_import import CatalogueImport, CatalogueImportRow
from apps.catalogue.models.content import ContentChange, ContentFeed, LandmarkContent
from apps.catalogue.models.full_file import FullFile
from apps.catalogue.models.landmark import Landmark, LandmarkName, LandmarkRedirect
from apps.catalogue.models.license import License
from apps.catalogue.models.note import LandmarkNote
from apps.catalogue.models.open_photo_import import OpenPhotoImport
from apps.catalogue.models.photo import Photo
from apps.catalogue.models.preset import PhotoPreset
from apps.catalogue.models.search import NamePiece, SearchEntry
from apps.catalogue.models.tree import Category, CategoryAlias, CategoryName, Region, RegionName

__all__ = [
    "CatalogueImport",
    "CatalogueImportRow",
    "Category",
    "CategoryAlias",
    "CategoryName",
    "ContentChange",
    "ContentFeed",
    "FullFile",
    "Landmark",
    "LandmarkContent",
    "LandmarkName",
    "LandmarkNote",
    "LandmarkRedirect",
    "License",
    "NamePiece",
    "OpenPhotoImport",
    "Photo",
    "PhotoPreset",
    "Region",
    "RegionName",
    "SearchEntry",
]
