from django.urls import path

from frontend.people import views
from kernel import ids  # noqa: F401  # registers `id`

urlpatterns = [
    path("counters/", views.counters, name="counters"),
    path("language/", views.language, name="language"),
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/list/", views.inbox_list, name="inbox_list"),
    path("inbox/read/", views.inbox_read, name="inbox_read"),
    path("inbox/<id:notice_id>/", views.inbox_open, name="inbox_open"),
    path("settings/", views.settings_page, name="settings"),
    path("settings/keys/", views.keys, name="keys"),
    path("settings/keys/<id:key_id>/revoke/", views.key_revoke, name="key_revoke"),
]
