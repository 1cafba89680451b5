from django.urls import path

from frontend.questions import manual, views
from kernel import ids  # noqa: F401  # registers `id`

urlpatterns = [
    path("batches/<id:batch_id>/questions/", views.of_batch, name="batch_questions"),
    path("batches/<id:batch_id>/questions/list/", views.listing, name="batch_questions_list"),
    path("questions/<id:question_id>/", views.one, name="question"),
    path("questions/<id:question_id>/replies/", views.replies, name="question_replies"),
    path("questions/<id:question_id>/hide/", views.hide, name="question_hide"),
    path("questions/<id:question_id>/manual/", manual.page, name="question_manual"),
]
