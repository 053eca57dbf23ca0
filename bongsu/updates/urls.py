from django.urls import path

from .views import notices, pages

app_name = "updates"
urlpatterns = [
    path("incidents/<str:number>/updates/", pages.update_list, name="list"),
    path("incidents/<str:number>/updates/new/", pages.new_update, name="new"),
    path("incidents/<str:number>/updates/preview/", pages.preview_update, name="preview"),
    path("incidents/<str:number>/channel/", pages.open_channel, name="open-channel"),
    path("incidents/<str:number>/notices/new/", notices.new_notice, name="new-notice"),
    path("incidents/<str:number>/notices/preview/", notices.preview_notice, name="preview-notice"),
    path("incidents/<str:number>/notices/<uuid:notice_id>/", notices.notice, name="notice"),
    path("incidents/<str:number>/notices/<uuid:notice_id>/send/", notices.send_waiting, name="send-waiting"),
    path("channels/", pages.standing, name="standing"),
]
