from django.urls import path

from . import views

app_name = "files"
urlpatterns = [
    path("files/<uuid:file_id>/", views.download, name="download"),
    path("files/<uuid:file_id>/picture/", views.picture, name="picture"),
    path("files/<uuid:file_id>/reveal/", views.reveal, name="reveal"),
]
