"""Static files under names that carry their content's hash, script imports included."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedModuleStorage(CompressedManifestStaticFilesStorage):
    """Follow relative imports of ES modules, so that a changed module is never stale."""

    support_js_module_import_aggregation = True
