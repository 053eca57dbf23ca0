from django.urls import path

from .views import organisation, persons, posts, profile

app_name = "people"
urlpatterns = [
    path("people/", persons.people, name="list"),
    path("people/new/", persons.create, name="create"),
    path("people/<uuid:person>/", persons.detail, name="detail"),
    path("people/<uuid:person>/edit/", persons.edit, name="edit"),
    path("people/<uuid:person>/roles/", persons.grant, name="grant"),
    path("people/<uuid:person>/roles/<slug:role>/revoke/", persons.revoke, name="revoke"),
    path("people/<uuid:person>/deactivate/", persons.deactivate, name="deactivate"),
    path("people/<uuid:person>/reactivate/", persons.reactivate, name="reactivate"),
    path("people/<uuid:person>/sign-in-link/", persons.sign_in_link, name="sign-in-link"),
    path("people/<uuid:person>/second-factor/", persons.reset_second_factor, name="second-factor"),
    path("people/<uuid:person>/ways/", profile.add_way, name="add-way"),
    path("people/<uuid:person>/ways/<uuid:way>/end/", profile.end_way, name="end-way"),
    path("people/<uuid:person>/ways/<uuid:way>/first/", profile.first_way, name="first-way"),
    path("me/", profile.me, name="me"),
    path("me/tokens/", profile.create_token, name="create-token"),
    path("me/tokens/<uuid:token>/revoke/", profile.revoke_token, name="revoke-token"),
    path("posts/", posts.posts, name="posts"),
    path("posts/<slug:post>/holders/", posts.add_holder, name="add-holder"),
    path("posts/holdings/<uuid:holding>/end/", posts.end_holding, name="end-holding"),
    path("teams/", organisation.teams, name="teams"),
    path("teams/new/", organisation.create_team, name="create-team"),
    path("teams/<uuid:team>/", organisation.edit_team, name="edit-team"),
    path("teams/<uuid:team>/members/", organisation.join_team, name="join-team"),
    path("teams/<uuid:team>/members/<uuid:person>/leave/", organisation.leave_team, name="leave-team"),
    path("entities/new/", organisation.create_entity, name="create-entity"),
    path("entities/<uuid:entity>/", organisation.edit_entity, name="edit-entity"),
]
