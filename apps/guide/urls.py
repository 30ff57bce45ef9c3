from django.urls import path

from apps.guide.views import (
    feedback,
    feeds,
    landmark,
    maps,
    pictures,
    places,
    recognition,
    robots,
    routes,
    similar,
    sitemaps,
)

app_name = "guide"

urlpatterns = [
    path("", places.home, name="home"),
    path("landmarks/", places.landmark_list, name="landmark_list"),
    path("suggest/", places.suggest, name="suggest"),
    path("landmarks/<slug:slug>/", landmark.landmark, name="landmark"),
    path(
        "landmarks/<slug:slug>/sketch-<slug:scheme>.svg",
        landmark.landmark_sketch,
        name="landmark_sketch",
    ),
    path("map/", maps.map_page, name="map"),
    path("map/points/", maps.map_points, name="map_points"),
    path("routes/", routes.route_list, name="route_list"),
    path("routes/plan/", routes.plan_route, name="route_plan"),
    path("routes/plan/route.<slug:kind>", routes.plan_file, name="route_plan_file"),
    path("routes/<slug:slug>/", routes.route, name="route"),
    path("routes/<slug:slug>/route.<slug:kind>", routes.route_file, name="route_file"),
    path("recognize/", recognition.recognize, name="recognize"),
    path("recognize/<uuid:receipt>/", recognition.result, name="recognition"),
    path("recognize/<uuid:receipt>/delete/", recognition.delete, name="recognition_delete"),
    path("recognize/<uuid:receipt>/feedback/", feedback.feedback, name="feedback"),
    path("recognize/<uuid:receipt>/photo.jpg", recognition.photo, name="recognition_photo"),
    path("recognize/<uuid:receipt>/similar/", similar.similar_to_answer, name="similar_to_answer"),
    path("photos/<uuid:photo>/similar/", similar.similar_to_catalogue, name="similar"),
    path("photos/<uuid:photo>.jpg", pictures.photo_file, name="photo_file"),
    path(
        "photos/<uuid:photo>/<slug:shape>-<int:width>.<slug:suffix>",
        pictures.photo_rendition,
        name="photo_rendition",
    ),
    path("samples/<slug:split>/<slug:slug>/<str:name>", pictures.sample, name="sample"),
    path("robots.txt", robots.robots, name="robots"),
    path("sitemap.xml", sitemaps.index, name="sitemap"),
    path("sitemap-pages.xml", sitemaps.pages, name="sitemap_pages"),
    path("sitemap-routes.xml", sitemaps.routes, name="sitemap_routes"),
    path("sitemap-places-<int:number>.xml", sitemaps.places, name="sitemap_places"),
    path("feeds/new.atom", feeds.new_places, name="new_places"),
    path("feeds/changed.atom", feeds.changed_places, name="changed_places"),
]
