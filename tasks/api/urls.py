"""Addresses below `/api/v1/`."""

from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, path, re_path
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.views import APIView

from kernel import ids  # noqa: F401  # registers `id`
from tasks.api import (
    batches,
    files,
    later_checks,
    mappings,
    members,
    notices,
    operations,
    people,
    questions,
    repairs,
    reports,
    results,
    reviews,
    templates,
    work,
)
from tasks.errors import Missing


@extend_schema(exclude=True)
class NothingView(APIView):
    """Any other address below the API: a problem in JSON, not a page."""

    authentication_classes = ()
    permission_classes = ()

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        raise Missing

    def get(self, request: Request) -> HttpResponse:
        raise Missing


ROUTES: dict[str, type[APIView]] = {
    "me": people.MeView,
    **templates.ROUTES,
    "stores": people.StoresView,
    "stores/<id:store_id>/mappings": mappings.MappingsView,
    "stores/<id:store_id>/batches": batches.StoreBatchesView,
    "batches/<id:batch_id>": batches.BatchView,
    "batches/<id:batch_id>/source": files.SourceView,
    **{f"batches/<id:batch_id>/{verb}": view for verb, view in batches.MOVES.items()},
    "batches/<id:batch_id>/tasks": batches.TasksView,
    "batches/<id:batch_id>/submissions": batches.SubmissionsView,
    "batches/<id:batch_id>/claim": work.ClaimNextView,
    "batches/<id:batch_id>/pilot": repairs.PilotView,
    "batches/<id:batch_id>/go-on": repairs.GoOnView,
    "batches/<id:batch_id>/repairs": repairs.RepairsView,
    "batches/<id:batch_id>/repair-plan": repairs.RepairPlanView,
    "repairs/<id:repair_id>": repairs.RepairView,
    "batches/<id:batch_id>/questions": questions.QuestionsView,
    "questions/<id:question_id>/replies": questions.RepliesView,
    "questions/<id:question_id>/into-manual": questions.IntoManualView,
    "questions/<id:question_id>/hide": questions.HideView,
    "imports/<id:import_id>": files.ImportView,
    "work": work.WorkView,
    "tasks/<id:task_id>/claim": work.ClaimTaskView,
    "assignments": work.AssignmentsView,
    "assignments/<id:assignment_id>": work.AssignmentView,
    "assignments/<id:assignment_id>/draft": work.DraftView,
    **{f"assignments/<id:assignment_id>/{verb}": view for verb, view in work.HOLDS.items()},
    "assignments/<id:assignment_id>/submit": work.SubmitView,
    "uploads": files.UploadsView,
    "uploads/<id:upload_id>/file": files.UploadFileView,
    "reviews": reviews.ReviewsView,
    "submissions/<id:submission_id>": reviews.SubmissionView,
    "submissions/<id:submission_id>/start-review": reviews.StartReviewView,
    "submissions/<id:submission_id>/stop-review": reviews.StopReviewView,
    "submissions/<id:submission_id>/approve": reviews.ApproveView,
    "submissions/<id:submission_id>/correct": reviews.CorrectView,
    "submissions/<id:submission_id>/undo": reviews.UndoView,
    "submissions/<id:submission_id>/request-changes": reviews.RequestChangesView,
    "submissions/<id:submission_id>/reject": reviews.RejectView,
    "submissions/<id:submission_id>/accept": reviews.AcceptView,
    **operations.ROUTES,
    **members.ROUTES,
    **results.ROUTES,
    **later_checks.ROUTES,
    **reports.ROUTES,
    "notices": notices.NoticesView,
    "notices/read": notices.NoticesReadView,
    "notice-preferences": notices.NoticePreferencesView,
    "events": people.EventsView,
    "socket-ticket": people.SocketTicketView,
}

urlpatterns: list[URLPattern | URLResolver] = [
    # A slash at the end is forgiven.
    *(path(where + end, view.as_view()) for where, view in ROUTES.items() for end in ("", "/")),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    re_path("", NothingView.as_view()),
]
