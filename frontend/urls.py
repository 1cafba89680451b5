from django.urls import include, path

urlpatterns = [
    path("", include("frontend.home.urls")),
    path("", include("frontend.batches.urls")),
    path("", include("frontend.library.urls")),
    path("", include("frontend.questions.urls")),
    path("", include("frontend.planner.urls")),
    path("", include("frontend.work.urls")),
    path("", include("frontend.review.urls")),
    path("", include("frontend.reports.urls")),
    path("", include("frontend.people.urls")),
    path("", include("frontend.notices.urls")),
    path("", include("frontend.help.urls")),
]
