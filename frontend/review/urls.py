from django.urls import path

from frontend.review import correcting, views
from kernel import ids  # noqa: F401  # registers `id`

urlpatterns = [
    path("review/", views.queue, name="review"),
    path("review/list/", views.queue_list, name="review_list"),
    path("review/next/", views.following, name="review_next"),
    path("review/<id:submission_id>/", views.desk, name="review_desk"),
    path("review/<id:submission_id>/presence/", views.presence, name="review_presence"),
    path("review/<id:submission_id>/start/", views.start, name="review_start"),
    path("review/<id:submission_id>/stop/", views.stop, name="review_stop"),
    path("review/<id:submission_id>/approve/", views.approve, name="review_approve"),
    path("review/<id:submission_id>/correct/", correcting.correct, name="review_correct"),
    path("review/<id:submission_id>/undo/", correcting.undo, name="review_undo"),
    path("review/<id:submission_id>/changes/", views.changes, name="review_changes"),
    path("review/<id:submission_id>/reject/", views.reject, name="review_reject"),
    path("review/<id:submission_id>/accept/", views.accept, name="review_accept"),
]
