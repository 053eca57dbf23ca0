from django.urls import path

from . import views

app_name = "approvals"
urlpatterns = [
    path("approvals/", views.approval_list, name="list"),
    path("approvals/<uuid:approval_id>/", views.detail, name="detail"),
]
