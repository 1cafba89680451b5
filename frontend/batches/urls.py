from django.urls import path, register_converter

from frontend.batches import board, listing, new, preview, results, source, tasks, terms
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
    path("batches/<id:batch_id>/terms/", terms.page, name="batch_terms"),
    path("batches/<id:batch_id>/preview/", preview.page, name="batch_preview"),
    path("batches/<id:batch_id>/publish/", preview.publish, name="batch_publish"),
    path("batches/<id:batch_id>/<batch_verb:verb>/", board.move, name="batch_move"),
    path("batches/<id:batch_id>/tasks/", tasks.listing, name="batch_tasks"),
    path("batches/<id:batch_id>/accept/", tasks.accept, name="batch_accept"),
    path("batches/<id:batch_id>/results/", results.page, name="batch_results"),
    path("batches/<id:batch_id>/results/files/", results.files, name="batch_results_files"),
    path("results/<id:release_id>/file/", results.download, name="result_file"),
    path("tasks/<id:task_id>/", tasks.page, name="task"),
    path("tasks/<id:task_id>/answers/", tasks.answers, name="task_answers"),
]
