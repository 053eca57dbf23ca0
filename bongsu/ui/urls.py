from django.urls import path

from . import views

app_name = "ui"
urlpatterns = [
    path("ui/language/", views.language, name="language"),
    path("ui/notices/", views.notices, name="notices"),
    path("ui/find/", views.find, name="find"),
    path("ui/gallery/", views.gallery, name="gallery"),
]
