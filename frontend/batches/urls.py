from django.urls import path, register_converter

from frontend.batches import (
    board,
    columns,
    later,
    listing,
    new,
    preview,
    release,
    repair,
    results,
    source,
    tasks,
    terms,
    trace,
)
from kernel import ids  # noqa: F401  # registers `id`


class VerbConverter:
    """The transitions of a published batch that a director may start."""

    regex = "pause|resume|close|cancel"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(VerbConverter, "batch_verb")

urlpatterns = [
    path("batches/", listing.batches, name="batches"),
    path("batches/rows/", listing.rows, name="batch_rows"),
    path("batches/new/", new.new, name="batch_new"),
    path("batches/<id:batch_id>/", board.page, name="batch"),
    path("batches/<id:batch_id>/board/", board.region, name="batch_board"),
    path("batches/<id:batch_id>/source/", source.page, name="batch_source"),
    path("batches/<id:batch_id>/source/progress/", source.progress, name="batch_source_progress"),
    path("batches/<id:batch_id>/source/file/", source.take_file, name="batch_source_file"),
    path("batches/<id:batch_id>/source/remove/", source.remove, name="batch_source_remove"),
    path("batches/<id:batch_id>/source/again/", source.choose_again, name="batch_source_again"),
    path("batches/<id:batch_id>/source/columns/", columns.page, name="batch_source_columns"),
    path("batches/<id:batch_id>/source/read-as/", columns.read_as, name="batch_source_read_as"),
    path("mappings/", columns.listing, name="mappings"),
    path("batches/<id:batch_id>/terms/", terms.page, name="batch_terms"),
    path("batches/<id:batch_id>/preview/", preview.page, name="batch_preview"),
    path("batches/<id:batch_id>/publish/", preview.publish, name="batch_publish"),
    path("batches/<id:batch_id>/go-on/", repair.go_on, name="batch_go_on"),
    path("batches/<id:batch_id>/repair/", repair.page, name="batch_repair"),
    path("batches/<id:batch_id>/repair/check/", repair.check, name="batch_repair_check"),
    path("batches/<id:batch_id>/repair/plan/", repair.plan, name="batch_repair_plan"),
    path("batches/<id:batch_id>/repair/start/", repair.start, name="batch_repair_start"),
    path("batches/<id:batch_id>/repair/state/", repair.state, name="batch_repair_state"),
    path("batches/<id:batch_id>/<batch_verb:verb>/", board.move, name="batch_move"),
    path("batches/<id:batch_id>/tasks/", tasks.listing, name="batch_tasks"),
    path("batches/<id:batch_id>/accept/", tasks.accept, name="batch_accept"),
    path("batches/<id:batch_id>/results/", results.page, name="batch_results"),
    path("batches/<id:batch_id>/results/files/", results.files, name="batch_results_files"),
    path("results/<id:release_id>/", release.page, name="result"),
    path("results/<id:release_id>/state/", release.state, name="result_state"),
    path("results/<id:release_id>/file/", results.download, name="result_file"),
    path("results/<id:release_id>/drift/", release.drift, name="result_drift"),
    path("results/<id:release_id>/uploaded/", release.tick, name="result_uploaded"),
    path("results/<id:release_id>/not-uploaded/", release.untick, name="result_not_uploaded"),
    path("results/<id:release_id>/restore/", release.restore, name="result_restore"),
    path("answers/<id:submission_id>/", trace.page, name="trace"),
    path("answers/<id:submission_id>/checks/", later.begin, name="later_check_begin"),
    path("checks/<id:later_check_id>/", later.page, name="later_check"),
    path("checks/<id:later_check_id>/state/", later.state, name="later_check_state"),
    path("checks/<id:later_check_id>/restore/", later.restore, name="later_check_restore"),
    path("checks/<id:later_check_id>/template/", later.into_template, name="later_check_template"),
    path("tasks/<id:task_id>/", tasks.page, name="task"),
    path("tasks/<id:task_id>/answers/", tasks.answers, name="task_answers"),
]
