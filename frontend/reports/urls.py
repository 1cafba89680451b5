from django.urls import path

from frontend.reports import views
from kernel import ids  # noqa: F401  # registers `id`

urlpatterns = [
    path("batches/<id:batch_id>/reports/", views.listing, name="batch_reports"),
    path("reports/<id:report_id>/answer/", views.answer, name="report_answer"),
    path("reports/<id:report_id>/agree/", views.agree, name="report_agree"),
    path("assignments/<id:assignment_id>/free/", views.free, name="assignment_free"),
]
