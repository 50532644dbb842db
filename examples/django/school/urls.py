"""The project's addresses."""

from django.urls import path
from lessons import views

urlpatterns = [
    path("lessons", views.create),
    path("lessons/<uuid:pk>", views.read),
    path("agora/notifications", views.agora),
]
