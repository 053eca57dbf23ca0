from django.urls import path

from . import views

app_name = "integrations"

urlpatterns = [
    path("connections/", views.connection_list, name="connections"),
    path("connections/new/<slug:slug>/", views.create, name="new"),
    path("connections/<uuid:connection_id>/", views.detail, name="connection"),
    path("connections/<uuid:connection_id>/test/", views.test, name="test"),
    path("connections/<uuid:connection_id>/switch/", views.switch, name="switch"),
    path("connections/<uuid:connection_id>/rotate/", views.rotate, name="rotate"),
    path("connections/<uuid:connection_id>/end/<int:slot>/", views.end_token, name="end-token"),
    path("connections/<uuid:connection_id>/try/", views.try_sample, name="try"),
    path("outgoing/", views.dead_letters, name="dead-letters"),
    path("outgoing/release/", views.release, name="release"),
    path("outgoing/settle/", views.settle, name="settle"),
    path("outgoing/<uuid:call_id>/retry/", views.retry, name="retry"),
]
