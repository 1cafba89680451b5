from django.urls import path

from frontend.library import editor, listing, tools, versions
from kernel import ids  # noqa: F401  # registers `id`

urlpatterns = [
    path("templates/", listing.templates, name="templates"),
    path("templates/new/", listing.new, name="template_new"),
    path("templates/import/", listing.take_file, name="template_import"),
    path("templates/versions/<id:version_id>/copy/", listing.copy, name="template_copy"),
    path("templates/<id:template_id>/", versions.page, name="template"),
    path("templates/<id:template_id>/file/", versions.file, name="template_file"),
    path("templates/<id:template_id>/archive/", listing.archive, name="template_archive"),
    path("templates/<id:template_id>/unarchive/", listing.unarchive, name="template_unarchive"),
    path("templates/<id:template_id>/edit/", editor.page, name="template_edit"),
    path("templates/<id:template_id>/draft/", editor.draft, name="template_draft"),
    path("templates/<id:template_id>/discard/", editor.discard, name="template_discard"),
    path("templates/<id:template_id>/publish/", editor.publish, name="template_publish"),
    path("templates/<id:template_id>/preview/", tools.preview, name="template_preview"),
    path("templates/<id:template_id>/manual/", tools.manual, name="template_manual"),
    path("templates/<id:template_id>/try/", tools.try_out, name="template_try"),
    path("templates/<id:template_id>/pictures/", tools.picture, name="template_picture"),
]
