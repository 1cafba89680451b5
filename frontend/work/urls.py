from django.urls import path

from frontend.work import drafts, find, mine, reporting, uploads, views
from kernel import ids  # noqa: F401  # registers `id`

urlpatterns = [
    path("work/", find.find, name="work"),
    path("work/list/", find.offers, name="work_list"),
    path("work/batch/<id:batch_id>/", find.choose, name="work_choose"),
    path("work/batch/<id:batch_id>/list/", find.choices, name="work_choose_list"),
    path("work/batch/<id:batch_id>/claim/", find.claim_next, name="work_claim_next"),
    path("work/task/<id:task_id>/claim/", find.claim_task, name="work_claim_task"),
    path("work/<id:assignment_id>/", views.task, name="work_task"),
    path("work/<id:assignment_id>/status/", views.status, name="work_status"),
    path("work/<id:assignment_id>/submit/", views.submit, name="work_submit"),
    path("work/<id:assignment_id>/extend/", views.extend, name="work_extend"),
    path("work/<id:assignment_id>/release/", views.release, name="work_release"),
    path("work/<id:assignment_id>/report/", reporting.report, name="work_report"),
    path("work/<id:assignment_id>/draft/", drafts.draft, name="work_draft"),
    path("work/<id:assignment_id>/heartbeat/", drafts.heartbeat, name="work_heartbeat"),
    path("work/<id:assignment_id>/alternatives/", drafts.alternatives, name="work_alternatives"),
    path(
        "work/<id:assignment_id>/alternatives/<id:alternative_id>/take/",
        drafts.take_alternative,
        name="work_take_alternative",
    ),
    path("my-work/", mine.mine, name="my_work"),
    path("my-work/list/", mine.mine_list, name="my_work_list"),
    path("uploads/", uploads.upload, name="uploads"),
    path("uploads/<id:upload_id>/", uploads.show, name="upload"),
]
