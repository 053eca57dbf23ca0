from django.urls import path

from . import views

app_name = "systems"
urlpatterns = [
    path("systems/", views.systems, name="list"),
    path("systems/new/", views.create, name="create"),
    path("systems/<uuid:system>/", views.detail, name="detail"),
    path("systems/<uuid:system>/edit/", views.edit, name="edit"),
    path("systems/<uuid:system>/good-version/", views.mark_good, name="mark-good"),
    path("systems/<uuid:system>/panels/<slug:key>/", views.panel, name="panel"),
]
