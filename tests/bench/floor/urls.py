from django.urls import path

from tests.bench.floor import views

urlpatterns = [
    path("api/v1/batches/<int:batch_id>/claim", views.Claim.as_view()),
    path("api/v1/assignments/<int:assignment_id>/submit", views.Submit.as_view()),
]
