from django.urls import include, path

urlpatterns = [
    path("", include("frontend.home.urls")),
    path("", include("frontend.batches.urls")),
    path("", include("frontend.work.urls")),
    path("", include("frontend.review.urls")),
    path("", include("frontend.people.urls")),
]
