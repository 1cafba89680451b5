from django.urls import path

from frontend.planner import changes, files, views
from kernel import ids  # noqa: F401  # registers `id`

urlpatterns = [
    path("operations/", views.first, name="operations_first"),
    path("stores/<id:store_id>/operations/", views.page, name="operations"),
    path("stores/<id:store_id>/operations/save/", changes.save, name="operations_save"),
    path("stores/<id:store_id>/operations/add/", changes.add, name="operations_add"),
    path("stores/<id:store_id>/operations/terms/", changes.terms, name="operations_terms"),
    path("stores/<id:store_id>/operations/import/", files.take, name="operations_import"),
    path("stores/<id:store_id>/operations/file/", files.give, name="operations_file"),
]
