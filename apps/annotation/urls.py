from django.urls import path

from apps.annotation.views import numbers, reviews, tasks

app_name = "annotation"

urlpatterns = [
    path("", tasks.editor, name="editor"),
    path("review/", reviews.review_page, name="review"),
    path("numbers/", numbers.numbers_page, name="numbers"),
    path("numbers/<slug:table>.csv", numbers.numbers_csv, name="numbers_csv"),
    path("images/<int:image>.jpg", tasks.image, name="image"),
    path("api/claim", tasks.claim, name="claim"),
    path("api/landmarks", tasks.landmarks, name="landmarks"),
    path("api/tasks/<int:task>/submit", tasks.submit, name="submit"),
    path("api/tasks/<int:task>/skip", tasks.skip, name="skip"),
    path("api/tasks/<int:task>/heartbeat", tasks.heartbeat, name="heartbeat"),
    path("api/tasks/<int:task>/draft", tasks.draft, name="draft"),
    path("api/tasks/<int:task>/reopen", tasks.reopen, name="reopen"),
    path("api/review/next", reviews.review_next, name="review_next"),
    path("api/review/<int:task>/accept", reviews.accept, name="review_accept"),
    path("api/review/<int:task>/return", reviews.send_back, name="review_return"),
    path("api/review/<int:task>/fix", reviews.fix, name="review_fix"),
]
