from django.urls import path

from .views import intake, pages

app_name = "signals"
urlpatterns = [
    path("in/<str:token>/", intake.receive, name="in"),
    path("report/", pages.report, name="report"),
    path("report/judge/", pages.judge, name="judge"),
    path("report/<uuid:report_id>/", pages.reported, name="reported"),
    path("signals/", pages.signal_list, name="list"),
    path("signals/mapping/", pages.mapping, name="mapping"),
    path("signals/dead-letters/", pages.dead_letters, name="letters"),
    path("signals/dead-letters/<uuid:letter_id>/<slug:act>/", pages.letter, name="letter"),
    path("signals/<uuid:signal_id>/", pages.signal, name="signal"),
    path("proposals/", pages.proposal_list, name="proposals"),
    path("proposals/<uuid:proposal_id>/", pages.proposal, name="proposal"),
    path("proposals/<uuid:proposal_id>/answer/", pages.answer, name="answer"),
]
