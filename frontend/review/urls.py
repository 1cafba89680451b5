from django.urls import path

from frontend import ids  # noqa: F401  # registers `row`
from frontend.review import views

urlpatterns = [
    path("review/", views.queue, name="review"),
    path("review/list/", views.queue_list, name="review_list"),
    path("review/next/", views.following, name="review_next"),
    path("review/<row:submission_id>/", views.desk, name="review_desk"),
    path("review/<row:submission_id>/presence/", views.presence, name="review_presence"),
    path("review/<row:submission_id>/start/", views.start, name="review_start"),
    path("review/<row:submission_id>/stop/", views.stop, name="review_stop"),
    path("review/<row:submission_id>/approve/", views.approve, name="review_approve"),
    path("review/<row:submission_id>/changes/", views.changes, name="review_changes"),
    path("review/<row:submission_id>/reject/", views.reject, name="review_reject"),
    path("review/<row:submission_id>/accept/", views.accept, name="review_accept"),
]
