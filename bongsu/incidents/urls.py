from django.urls import path

from .views import acts, pages

app_name = "incidents"
urlpatterns = [
    path("incidents/", pages.incident_list, name="list"),
    path("incidents.csv", pages.incident_csv, name="csv"),
    path("incidents/declare/", pages.declare, name="declare"),
    path("incidents/declare/advice/", pages.advice, name="advice"),
    path("incidents/break-glass/", pages.break_glass, name="break-glass"),
    path("incidents/<str:number>/", pages.detail, name="detail"),
    path("incidents/<str:number>/part/<slug:part>/", pages.fragment, name="part"),
    path("incidents/<str:number>/panels/", pages.detail, name="panels"),
    path("incidents/<str:number>/panels/<slug:key>/", pages.panel, name="panel"),
    path("incidents/<str:number>/act/<slug:name>/", acts.act, name="act"),
    path("incidents/<str:number>/evidence/", acts.evidence, name="evidence"),
    path("incidents/<str:number>/compose/", acts.compose, name="compose"),
    path("incidents/<str:number>/evidence/<uuid:evidence>/reveal/", acts.reveal, name="reveal"),
]
