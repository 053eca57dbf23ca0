from django.urls import path

from . import views

app_name = "documents"
urlpatterns = [
    path("documents/", views.document_list, name="list"),
    path("documents/<uuid:document_id>/", views.detail, name="detail"),
    path("documents/<uuid:document_id>/preview/", views.preview, name="preview"),
    path("documents/<uuid:document_id>/review/", views.review_card, name="review"),
    path("documents/<uuid:document_id>/revisions/", views.revisions, name="revisions"),
    path("documents/<uuid:document_id>/comments/", views.comment, name="comment"),
    path("documents/<uuid:document_id>/submit/", views.submit, name="submit"),
    path("documents/<uuid:document_id>/decide/", views.decide, name="decide"),
    path("documents/<uuid:document_id>/withdraw/", views.withdraw, name="withdraw"),
    path("documents/<uuid:document_id>/sign/", views.sign, name="sign"),
    path("documents/<uuid:document_id>/distribute/", views.distribute, name="distribute"),
    path("documents/<uuid:document_id>/archive/", views.archive, name="archive"),
    path("documents/<uuid:document_id>/as/<slug:form>/", views.take_out, name="take_out"),
    path("documents/parts/<uuid:part_id>/", views.edit_part, name="edit_part"),
    path("documents/parts/<uuid:part_id>/preview/", views.preview_part, name="preview_part"),
    path("documents/comments/<uuid:comment_id>/resolve/", views.resolve_comment, name="resolve_comment"),
]
