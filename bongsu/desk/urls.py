from django.urls import path

from . import views

app_name = "desk"
urlpatterns = [
    path("", views.home, name="home"),
    path("desk/<slug:name>/", views.part, name="part"),
    path("drill/", views.drill, name="drill"),
]
