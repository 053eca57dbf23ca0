from django.urls import path

from . import views

app_name = "comms"

urlpatterns = [
    path("messages/", views.message_list, name="messages"),
    path("messages/unreached/", views.unreached, name="unreached"),
    path("messages/<uuid:message_id>/", views.detail, name="message"),
    path("messages/<uuid:message_id>/read/<str:token>/", views.acknowledge, name="acknowledge"),
]
