from django.urls import path

from . import views

app_name = "escalations"
urlpatterns = [
    path("incidents/<str:number>/escalation/snooze/", views.snooze, name="snooze"),
    path("incidents/<str:number>/escalation/now/", views.escalate, name="now"),
]
