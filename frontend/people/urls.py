from django.urls import path

from frontend.people import views

urlpatterns = [
    path("counters/", views.counters, name="counters"),
    path("language/", views.language, name="language"),
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/list/", views.inbox_list, name="inbox_list"),
    path("inbox/read/", views.inbox_read, name="inbox_read"),
    path("inbox/<int:notice_id>/", views.inbox_open, name="inbox_open"),
    path("settings/", views.settings_page, name="settings"),
    path("settings/keys/", views.keys, name="keys"),
    path("settings/keys/<int:key_id>/revoke/", views.key_revoke, name="key_revoke"),
]
