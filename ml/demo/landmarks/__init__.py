"""The twelve modelled landmarks, by the slug of the seed catalogue."""

from ml.demo.landmarks import (
    cheomseongdae,
    dabotap,
    dongdaemun_design_plaza,
    gwangandaegyo,
    gwanghwamun_yi_sun_sin_statue,
    gyeongbokgung_geunjeongjeon,
    hwaseong_fortress_hwaseomun,
    independence_gate,
    lotte_world_tower,
    n_seoul_tower,
    seokgatap,
    sungnyemun,
)

# Each takes a season (spring, summer, autumn, winter) and returns the Scene.
LANDMARKS = {
    "cheomseongdae": cheomseongdae.scene,
    "dabotap": dabotap.scene,
    "dongdaemun-design-plaza": dongdaemun_design_plaza.scene,
    "gwangandaegyo": gwangandaegyo.scene,
    "gwanghwamun-yi-sun-sin-statue": gwanghwamun_yi_sun_sin_statue.scene,
    "gyeongbokgung-geunjeongjeon": gyeongbokgung_geunjeongjeon.scene,
    "hwaseong-fortress-hwaseomun": hwaseong_fortress_hwaseomun.scene,
    "independence-gate": independence_gate.scene,
    "lotte-world-tower": lotte_world_tower.scene,
    "n-seoul-tower": n_seoul_tower.scene,
    "seokgatap": seokgatap.scene,
    "sungnyemun": sungnyemun.scene,
}
