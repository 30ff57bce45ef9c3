"""What each picture of a landmark shows, in words: for who does not see it, and beneath it."""

from ml.demo.views import PLAN, View

COLUMNS = ["file", "alt_ko", "alt_en", "caption_ko", "caption_en"]
# {name} stands for the name of the landmark in the language of the text.
LEAD = {"ko": "{name} 그림: ", "en": "Drawing of {name}: "}
SEASONS = {
    "spring": ("봄", "spring"),
    "summer": ("여름", "summer"),
    "autumn": ("가을", "autumn"),
    "winter": ("겨울", "winter"),
}
SKIES = {
    "noon": ("밝은 한낮", "at bright noon"),
    "clear": ("맑은 날", "under a clear sky"),
    "morning": ("이른 아침", "in the early morning"),
    "golden": ("금빛 늦은 오후", "in golden late afternoon light"),
    "overcast": ("흐린 날", "under an overcast sky"),
    "mist": ("안개 낀 날", "in mist"),
    "snow": ("눈 내리는 날", "in falling snow"),
    "winter": ("눈 쌓인 맑은 날", "with snow on the ground"),
    "rain": ("비 오는 날", "in the rain"),
    "after rain": ("비 갠 뒤", "after rain"),
    "sunset": ("해 질 녘", "at sunset"),
    "dusk": ("어스름", "at dusk"),
    "night": ("불 밝힌 밤", "lit up at night"),
    "winter night": ("불 밝힌 눈 쌓인 밤", "lit up on a snowy night"),
}
FRONTS = {
    "people": ("앞에 선 방문객들", "visitors in front"),
    "tree": ("앞을 조금 가린 나무", "a tree partly in front"),
    "branch": ("위에서 드리운 나뭇가지", "a branch hanging in from above"),
}
# From where the side of a landmark is seen, as a share of the swing.
ASIDE = 0.4


def texts(number: int, *, occluded: bool, truncated: bool) -> dict[str, str]:
    """Return the alternative texts and captions of one of the views, by column.

    The tags say what came about: before a distant tower nobody sees who stands in front.
    """
    view = PLAN[number]
    found = {}
    for place, language in enumerate(("ko", "en")):
        season, sky = SEASONS[view.season][place], SKIES[view.sky][place]
        parts = [
            f"{season} {sky}" if language == "ko" else f"{season}, {sky}",
            _side(view, truncated)[place],
        ]
        if view.front and occluded:
            parts.append(FRONTS[view.front][place])
        found[f"alt_{language}"] = LEAD[language] + ", ".join(parts)
        found[f"caption_{language}"] = f"{season.capitalize()}, {sky}"
    return found


def _side(view: View, truncated: bool) -> tuple[str, str]:
    if view.zoom > 1:
        return "가까이 당겨 본 모습", "seen close up"
    if view.high:
        return "높은 곳에서 내려다본 모습", "seen from above"
    if view.cut and truncated:
        return "한쪽이 화면 밖으로 나간 모습", "one side outside of the picture"
    if view.aside < -ASIDE:
        return "왼쪽에서 본 모습", "seen from the left"
    if view.aside > ASIDE:
        return "오른쪽에서 본 모습", "seen from the right"
    return "앞에서 본 모습", "seen from the front"
