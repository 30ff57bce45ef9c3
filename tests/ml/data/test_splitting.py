import random

import numpy as np
from PIL import Image, ImageFilter

from ml.data.splitting import difference_hash, groups_of, held_out


def picture(seed: int) -> Image.Image:
    """A picture of soft blobs, as different from the next seed's as two photos are."""
    cells = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    return Image.fromarray(cells).resize((320, 240)).filter(ImageFilter.GaussianBlur(6))


def test_copies_at_another_size_and_quality_share_a_group(tmp_path):
    pictures = [picture(seed) for seed in range(30)]
    pictures[7].save(tmp_path / "copy.jpg", quality=40)
    copies = [pictures[3].resize((160, 120)), Image.open(tmp_path / "copy.jpg")]

    groups = groups_of([difference_hash(one) for one in [*pictures, *copies]])

    assert groups[30] == groups[3] == 3
    assert groups[31] == groups[7] == 7
    assert len(set(groups)) == 30


def test_groups_are_chains_of_near_ones():
    base = random.Random(5).getrandbits(64)
    chain = [base, base ^ 0b111, base ^ 0b111_111_000, ~base & (1 << 64) - 1]

    assert groups_of(chain, near=6) == [0, 0, 0, 3]


def test_every_near_pair_is_found():
    draws = random.Random(6)
    for _ in range(200):
        one = draws.getrandbits(64)
        other = one
        for bit in draws.sample(range(64), 6):
            other ^= 1 << bit
        assert groups_of([one, other], near=6) == [0, 0]


def test_groups_go_to_one_side_and_every_class_keeps_some():
    groups = [number // 3 for number in range(300)]
    labels = [f"class-{group % 5}" for group in groups]

    outside = held_out(groups, labels, share=0.2, seed=9)

    for group in set(groups):
        assert len({out for out, own in zip(outside, groups, strict=True) if own == group}) == 1
    for label in set(labels):
        share = np.mean([out for out, own in zip(outside, labels, strict=True) if own == label])
        assert share == 0.2
    assert outside == held_out(groups, labels, share=0.2, seed=9)
    assert held_out([0, 0, 1], ["a", "a", "b"], share=0.9) == [False, False, False]
