from django.urls import path

from frontend.help import views

urlpatterns = [
    path("help/", views.page, name="help"),
    path("help/sample/file/", views.sample_file, name="help_sample_file"),
    path("help/sample/", views.try_sample, name="help_try_sample"),
    path("help/steps/hide/", views.hide_steps, name="help_hide_steps"),
]
