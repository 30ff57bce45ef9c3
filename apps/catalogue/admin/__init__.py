from apps.catalogue.admin.imports import ImportAdmin
from apps.catalogue.admin.landmarks import LandmarkAdmin
from apps.catalogue.admin.licenses import LicenseAdmin
from apps.catalogue.admin.photos import PhotoAdmin
from apps.catalogue.admin.presets import PhotoPresetAdmin
from apps.catalogue.admin.trees import CategoryAdmin, RegionAdmin

__all__ = [
    "CategoryAdmin",
    "ImportAdmin",
    "LandmarkAdmin",
    "LicenseAdmin",
    "PhotoAdmin",
    "PhotoPresetAdmin",
    "RegionAdmin",
]
