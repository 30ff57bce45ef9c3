"""Meals on a table, seen from a chair."""

import numpy as np

from ml.demo.colours import linear
from ml.demo.everyday import cafe_meals, korean_meals
from ml.demo.everyday.stages import chance, pick, stage
from ml.demo.materials import Coat, Surface, boards, marbled, woven
from ml.demo.rendering import Scene, Shot
from ml.demo.skies import SKIES


def take(number: int) -> tuple[Scene, Shot]:
    random = chance("dishes", number)
    meal = [
        korean_meals.bibimbap,
        korean_meals.kimbap,
        korean_meals.noodles,
        korean_meals.set_meal,
        cafe_meals.pizza,
        cafe_meals.fruit,
        cafe_meals.cake,
        cafe_meals.coffee,
        korean_meals.rice_cakes,
        cafe_meals.salad,
    ][number](random)
    sky = SKIES[pick(["noon", "morning", "overcast"], number)]._replace(haze=0.0)
    height = random.uniform(0.34, 0.55)
    eye = (random.uniform(-0.1, 0.1), -random.uniform(0.26, 0.34), height * 0.88)
    return stage(
        meal,
        _table(number),
        0.7,
        eye,
        (0, 0.03, 0.02),
        52,
        sky._replace(height=40),
        random.uniform(-110, 110),
        number,
    )


def _table(number: int):
    tint = linear(pick(["#8a5a34", "#e6e0d4", "#b98a58", "#4f4a44", "#c9d0cf"], number))
    cover = pick([boards, marbled, boards, woven], number)

    def ground(s: Surface) -> Coat:
        # Patterns are made for rooms: a table shows them five times finer.
        scaled = s._replace(
            position=s.position * 5,
            uv=s.uv * 2.5,
            pixel=s.pixel * 2.5,
            tint=np.broadcast_to(tint, s.tint.shape),
        )
        return cover(scaled)

    return ground
