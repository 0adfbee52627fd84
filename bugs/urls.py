"""Which page is at which address."""

from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path
from django.views.generic import RedirectView

from bugs import api
from bugs.views import acts, bug, lists, report, system

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="bugs"), name="home"),
    path("login/", LoginView.as_view(template_name="login.html", redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("system/", system.system_page, name="system"),
    path("bugs/", lists.bug_list, name="bugs"),
    path("bugs/tabs/", lists.tab_counts, name="tabs"),
    path("bugs/new/", report.new_bug, name="new"),
    path("bugs/demo/<slug:slug>/", lists.start_demo, name="demo"),
    path("bugs/<int:bug_id>/", bug.bug_page, name="bug"),
    path("bugs/<int:bug_id>/row/", lists.bug_row, name="row"),
    path("bugs/<int:bug_id>/section/<slug:name>/", bug.section, name="section"),
    path("bugs/<int:bug_id>/candidates/<int:pk>/", bug.candidate, name="candidate"),
    path("bugs/<int:bug_id>/candidates/<int:pk>.patch", bug.patch, name="patch"),
    path("bugs/<int:bug_id>/calls/<int:pk>/", bug.model_call, name="call"),
    path("bugs/<int:bug_id>/files/<int:pk>/", bug.artifact, name="artifact"),
    path("bugs/<int:bug_id>/run/", acts.run, name="run"),
    path("bugs/<int:bug_id>/stop/", acts.stop, name="stop"),
    path("bugs/<int:bug_id>/resume/", acts.resume, name="resume"),
    path("bugs/<int:bug_id>/comments/", acts.comment, name="comment"),
    path("bugs/<int:bug_id>/files/", acts.add_files, name="files"),
    path("bugs/<int:bug_id>.json", api.bug_json, name="bug-json"),
    path("bugs/<int:bug_id>/events", api.bug_events, name="events"),
    path("api/uploads/", api.begin_upload, name="uploads"),
    path("api/uploads/<str:token>/", api.upload, name="upload"),
]
