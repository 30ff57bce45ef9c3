"""How candidates are verified: the same for the portal and for `ml.verify`; numpy and SciPy."""

from ml.inference.local_features import LocalFeatures
from ml.inference.local_matching import strongest

# Of each candidate so many references are compared: the nearest to the photo.
REFERENCES_EACH = 2
# What a place of Lite2's map at stride 16 sees is as large as the picture; features count as
# overlapping by a small window around their centre instead.
WINDOW = 32.0


def strongest_served(features: LocalFeatures) -> LocalFeatures:
    """The features of a served picture that are kept: overlapping ones only once."""
    return strongest(features, receptive_side=WINDOW, least_attention=0.0)
