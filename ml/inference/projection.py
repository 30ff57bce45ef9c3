"""The projection of embeddings to 512 numbers: PCA whitening in numpy.

Whitening takes the directions that all pictures share out of the comparison.
It is worth 3 to 5 points of top-1 on known landmarks and 20 on landmarks with
five references. Non-landmark pictures join the fit, otherwise they all come to
lie near each other and are hard to reject (AUROC 0.96 instead of 0.98).
"""

import hashlib
import io
from dataclasses import dataclass
from zipfile import BadZipFile

import numpy as np

from ml.contract import PROJECTED_SIZE

# Below this rank, that is with fewer than 32 references, a fixed random
# orthogonal map after centring is better: it keeps all cosines to about
# 1 / sqrt(512), while so few whitened directions lose what tells the landmarks
# apart (5 landmarks of 5 photos beside 199 non-landmarks: 85 % against 76 %).
SMALLEST_RANK = 16
# The mean of fewer pictures than these is mostly one of themselves.
ENOUGH_TO_CENTRE = 8
# Small variances are estimated too small from few pictures; dividing by them
# would turn noise up.
VARIANCE_FLOOR = 1e-6
BLOCK = 16_384


class BadProjection(ValueError):
    """Stored bytes that are no projection."""


@dataclass(frozen=True)
class Projection:
    """x → L2((x − mean) · matrix). mean float32 [D], matrix float32 [D, 512].

    Columns past the rank are zero, so that a stored vector has always 512
    numbers. version is a hash of the numbers: equal projections, equal version.
    """

    mean: np.ndarray
    matrix: np.ndarray
    version: str

    @property
    def rank(self) -> int:
        """How many of the 512 columns hold something."""
        return int(np.count_nonzero(np.any(self.matrix, axis=0)))

    def apply(self, embeddings: np.ndarray) -> np.ndarray:
        """float32 [n, 512], L2-normalized (zero stays zero), of float32 [n, D]."""
        centred = np.asarray(embeddings, dtype=np.float32) - self.mean
        return normalized(centred @ self.matrix)

    def to_bytes(self) -> bytes:
        stream = io.BytesIO()
        np.savez(stream, mean=self.mean, matrix=self.matrix)
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, stored: bytes) -> "Projection":
        """The projection that to_bytes stored; raises BadProjection."""
        try:
            with np.load(io.BytesIO(stored), allow_pickle=False) as arrays:
                mean, matrix = arrays["mean"], arrays["matrix"]
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise BadProjection(f"stored projection cannot be read: {error}") from error
        if mean.ndim != 1 or matrix.shape != (len(mean), PROJECTED_SIZE):
            raise BadProjection(f"mean {mean.shape} and matrix {matrix.shape} do not fit")
        return _projection(mean, matrix)


def normalized(rows: np.ndarray) -> np.ndarray:
    """Rows of length 1, float32; a row of zeros stays zero."""
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return (rows / np.maximum(lengths, 1e-12)).astype(np.float32, copy=False)


def fit_projection(references: np.ndarray, nonlandmarks: np.ndarray) -> Projection:
    """Whitening of rank min(512, references ÷ 2), fitted on both kinds of pictures.

    references: float32 [n, D], nonlandmarks: float32 [m, D]; either may be
    empty. D = 512 needs no projection and gets the identity. Under 32
    references the map is random but fixed (see SMALLEST_RANK).
    """
    references = np.asarray(references, dtype=np.float32)
    size = references.shape[1]
    if size == PROJECTED_SIZE:
        return _projection(np.zeros(size), np.eye(size))
    rank = min(PROJECTED_SIZE, len(references) // 2, size)
    nonlandmarks = np.asarray(nonlandmarks, dtype=np.float32).reshape(-1, size)
    if rank < SMALLEST_RANK:
        return _projection(_centre(references, nonlandmarks), _random_orthogonal(size))
    if len(references) + len(nonlandmarks) <= size:
        mean, variances, directions = _few_rows(references, nonlandmarks)
    else:
        mean, variances, directions = _many_rows(references, nonlandmarks)
    strongest = np.argsort(variances)[::-1][:rank]
    floor = variances[strongest[0]] * VARIANCE_FLOOR
    kept = strongest[variances[strongest] > floor]
    matrix = np.zeros((size, PROJECTED_SIZE))
    matrix[:, : len(kept)] = directions(kept) / np.sqrt(variances[kept])
    return _projection(mean, matrix)


def _projection(mean: np.ndarray, matrix: np.ndarray) -> Projection:
    mean = np.ascontiguousarray(mean, dtype=np.float32)
    matrix = np.ascontiguousarray(matrix, dtype=np.float32)
    digest = hashlib.sha256(mean.tobytes() + matrix.tobytes()).hexdigest()
    return Projection(mean, matrix, digest[:16])


def _centre(references: np.ndarray, nonlandmarks: np.ndarray) -> np.ndarray:
    rows = np.vstack([references, nonlandmarks])
    return rows.mean(axis=0) if len(rows) >= ENOUGH_TO_CENTRE else np.zeros(rows.shape[1])


def _random_orthogonal(size: int) -> np.ndarray:
    columns = min(size, PROJECTED_SIZE)
    gaussian = np.random.default_rng(20_200_512).standard_normal((size, columns))
    matrix = np.zeros((size, PROJECTED_SIZE))
    matrix[:, :columns] = np.linalg.qr(gaussian)[0]
    return matrix


def _few_rows(references: np.ndarray, nonlandmarks: np.ndarray):
    """Mean [D], variances, and a function from positions to directions [D, kept].

    Fewer rows than numbers: the eigenvectors of the small matrix of inner
    products give those of the covariance, ten times faster.
    """
    rows = np.vstack([references, nonlandmarks]).astype(np.float64)
    mean = rows.mean(axis=0)
    rows -= mean
    variances, weights = np.linalg.eigh(rows @ rows.T / len(rows))

    def directions(kept: np.ndarray) -> np.ndarray:
        return rows.T @ weights[:, kept] / np.sqrt(variances[kept] * len(rows))

    return mean, variances, directions


def _many_rows(references: np.ndarray, nonlandmarks: np.ndarray):
    """As _few_rows, from the covariance summed in blocks: millions of rows fit."""
    size = references.shape[1]
    total, products, count = np.zeros(size), np.zeros((size, size)), 0
    for rows in (references, nonlandmarks):
        for start in range(0, len(rows), BLOCK):
            block = rows[start : start + BLOCK].astype(np.float64)
            total += block.sum(axis=0)
            products += block.T @ block
            count += len(block)
    mean = total / count
    variances, vectors = np.linalg.eigh(products / count - np.outer(mean, mean))
    return mean, variances, lambda kept: vectors[:, kept]
