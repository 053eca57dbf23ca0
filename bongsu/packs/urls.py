from django.urls import path

from . import views

app_name = "packs"
urlpatterns = [
    path("packs/", views.packs, name="list"),
    path("packs/compare/", views.compare, name="compare"),
    path("packs/<uuid:version>/", views.detail, name="detail"),
    path("packs/<uuid:version>/runbooks/<slug:runbook>/", views.runbook, name="runbook"),
    path("packs/<uuid:version>/templates/<slug:template>/", views.template, name="template"),
    path("packs/<uuid:version>/activate/", views.activate, name="activate"),
]
