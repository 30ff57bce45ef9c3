from django.urls import path

from apps.annotation.views import (
    datasets,
    exports,
    guide,
    numbers,
    pictures,
    reviews,
    tasks,
)

app_name = "annotation"

urlpatterns = [
    path("", tasks.editor, name="editor"),
    path("review/", reviews.review_page, name="review"),
    path("numbers/", numbers.numbers_page, name="numbers"),
    path("numbers/<slug:table>.csv", numbers.numbers_csv, name="numbers_csv"),
    path("numbers/mine/", numbers.my_numbers, name="my_numbers"),
    path("numbers/mine/<slug:table>.csv", numbers.my_numbers_csv, name="my_numbers_csv"),
    path("guide/", guide.guide_page, name="guide"),
    path("guide/<path:name>", guide.guide_picture, name="guide_picture"),
    path("datasets/", datasets.dataset_list, name="datasets"),
    path("datasets/<int:dataset>/", datasets.dataset_detail, name="dataset"),
    path("datasets/<int:dataset>/people/", datasets.dataset_people, name="dataset_people"),
    path("datasets/<int:dataset>/rules/", datasets.dataset_rules, name="dataset_rules"),
    path("tasks/", datasets.change_tasks, name="change_tasks"),
    path("skipped/", datasets.skipped, name="skipped"),
    path("exports/", exports.export_list, name="exports"),
    path("exports/<int:export>/file", exports.export_file, name="export_file"),
    path("images/<int:image>/small.jpg", pictures.small_image, name="small_image"),
    path("images/<int:image>.jpg", pictures.image, name="image"),
    path("api/claim", tasks.claim, name="claim"),
    path("api/landmarks", tasks.landmarks, name="landmarks"),
    path("api/tasks/<int:task>/submit", tasks.submit, name="submit"),
    path("api/tasks/<int:task>/skip", tasks.skip, name="skip"),
    path("api/tasks/<int:task>/heartbeat", tasks.heartbeat, name="heartbeat"),
    path("api/tasks/<int:task>/draft", tasks.draft, name="draft"),
    path("api/tasks/<int:task>/reopen", tasks.reopen, name="reopen"),
    path("api/exports", exports.export_progress, name="export_progress"),
    path("api/review/next", reviews.review_next, name="review_next"),
    path("api/review/<int:task>/accept", reviews.accept, name="review_accept"),
    path("api/review/<int:task>/return", reviews.send_back, name="review_return"),
    path("api/review/<int:task>/fix", reviews.fix, name="review_fix"),
]
