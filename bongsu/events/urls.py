from django.urls import path

from . import views

app_name = "events"
urlpatterns = [
    path("ledger/", views.ledger, name="ledger"),
    path("ledger/seal/", views.seal, name="seal"),
    path("dead-letters/", views.dead_letters, name="dead-letters"),
    path("dead-letters/deliveries/<int:delivery>/retry/", views.retry_delivery, name="retry-delivery"),
    path("dead-letters/timers/<uuid:timer>/retry/", views.retry_timer, name="retry-timer"),
]
