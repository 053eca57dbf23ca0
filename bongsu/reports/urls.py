from django.urls import path

from . import views

app_name = "reports"
urlpatterns = [
    path("incidents/<str:number>/report/draft/", views.draft, name="draft"),
    path("incidents/<str:number>/export/", views.export, name="export"),
]
