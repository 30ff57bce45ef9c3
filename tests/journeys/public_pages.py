"""Every public page, by its name in the URL configuration, and the addresses it is looked at."""

from __future__ import annotations

PALACE = "/landmarks/gyeongbokgung-geunjeongjeon/"
# {answer}, {photo} and {deleted} are those of a visit.
PAGES: dict[str, list[str]] = {
    "guide:home": ["/"],
    "guide:landmark_list": [
        *("/landmarks/", "/landmarks/?q=경복&photos=1", "/landmarks/?q=zzzz&region=KR-11"),
        "/landmarks/?near=37.57,126.98&category=heritage",
    ],
    "guide:landmark": ["/landmarks/gyeongbokgung/", PALACE, "/landmarks/gyeongbokgun/"],
    "guide:report": [f"{PALACE}report/?about=photo&photo={{photo}}"],
    "guide:map": [
        *("/map/", "/map/?bbox=126.9,37.5,127.1,37.65", "/map/?near=37.5759,126.9768"),
    ],
    "guide:route_list": ["/routes/"],
    "guide:route": ["/routes/seoul-palaces-on-foot/"],
    "guide:route_plan": [
        *("/routes/plan/", "/routes/plan/?near=37.5759,126.9768&hours=4"),
        "/routes/plan/?places=udo,bijarim&q=제주",
    ],
    "guide:recognize": ["/recognize/"],
    "guide:recognition": ["/recognize/{answer}/", "/recognize/{deleted}/"],
    "guide:similar_to_answer": ["/recognize/{answer}/similar/"],
    "guide:similar": ["/photos/{photo}/similar/"],
    "guide:kept": ["/kept/"],
    "guide:offline": ["/offline/"],
    "guide:privacy": ["/privacy/"],
}
# Outside of the guide, without a language in the address, and one that is nowhere.
OTHER_PAGES = ("/accounts/login/", "/not-there/")
# Forms that lead on to a page, and files for programs and browsers.
NO_PAGES = {
    *("guide:feedback", "guide:recognition_delete"),
    *("guide:suggest", "guide:map_points", "guide:manifest", "guide:service_worker"),
    *("guide:landmark_sketch", "guide:route_plan_file", "guide:route_file", "guide:sample"),
    *("guide:recognition_photo", "guide:photo_file", "guide:photo_rendition"),
    *("guide:robots", "guide:security_txt", "guide:new_places", "guide:changed_places"),
    *("guide:sitemap", "guide:sitemap_pages", "guide:sitemap_routes", "guide:sitemap_places"),
}
