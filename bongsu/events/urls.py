from django.urls import path

from . import views

app_name = "events"
urlpatterns = [
    path("ledger/", views.ledger, name="ledger"),
    path("ledger/seal/", views.seal, name="seal"),
    path("ledger/records/<str:subject>/", views.record, name="record"),
    path("ledger/records/<str:subject>/hold/", views.hold, name="hold"),
    path("ledger/records/<str:subject>/lift/", views.hold, {"is_lifted": True}, name="lift"),
    path("ledger/entries/<uuid:event>/erase/", views.erase, name="erase"),
    path("dead-letters/", views.dead_letters, name="dead-letters"),
    path("dead-letters/deliveries/<int:delivery>/retry/", views.retry_delivery, name="retry-delivery"),
    path("dead-letters/timers/<uuid:timer>/retry/", views.retry_timer, name="retry-timer"),
]
