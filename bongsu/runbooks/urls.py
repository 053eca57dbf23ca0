from django.urls import path

from .views import acts

app_name = "runbooks"
urlpatterns = [
    path("runbook-lessons/", acts.lessons, name="lessons"),
    path("incidents/<str:number>/runbook/<slug:kind>/<slug:name>/", acts.act, name="run-act"),
    path("incidents/<str:number>/runbook/<slug:kind>/<str:key>/<slug:name>/", acts.act, name="act"),
]
