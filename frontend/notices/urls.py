from django.urls import path

from frontend.notices import operator, settings, views

urlpatterns = [
    path("n/<str:notice_link>/", views.go, name="notice"),
    path("notices/stop/<str:stop_link>/", views.stop, name="notice_stop"),
    path("settings/notices/", settings.page, name="notice_settings"),
    path("settings/operator/mail/", operator.page, name="operator_mail"),
    path("settings/operator/mail/again/", operator.again, name="operator_mail_again"),
]
