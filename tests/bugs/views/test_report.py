from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from bugs.actions import uploads
from bugs.models import Artifact, Bug, Upload

ADDRESS = "/bugs/new/"


@pytest.fixture
def web(client: Client, alice: Any) -> Client:
    client.force_login(alice)
    return client


def test_a_report_becomes_a_bug_that_is_queued(web: Client) -> None:
    answer = web.post(ADDRESS, {"title": "Total is short", "text": "10.00 instead of 10.01", "until": "root_cause"})
    bug = Bug.objects.get()
    assert answer.url == f"/bugs/{bug.pk}/"
    assert bug.runs.get().until == "root_cause"


def test_an_empty_report_says_what_to_write_and_opens_nothing(web: Client) -> None:
    answer = web.post(ADDRESS, {"title": " ", "text": ""})
    assert answer.status_code == 422
    assert "Give the bug a title, or say what happened." in answer.content.decode()
    assert not Bug.objects.exists()


@pytest.mark.parametrize("location", ["../elsewhere", "--upload-pack=touch /tmp/x", "ext::sh -c id", "a b"])
def test_what_is_no_repository_is_refused_with_a_sentence(web: Client, location: str) -> None:
    answer = web.post(ADDRESS, {"title": "x", "repository": location})
    assert answer.status_code == 422
    assert "Neither a URL nor an absolute path" in answer.content.decode()


@pytest.mark.parametrize("location", ["https://example.org/x.git", "git@example.org:x.git", "/srv/x"])
def test_urls_and_paths_of_repositories_are_taken(web: Client, location: str) -> None:
    assert web.post(ADDRESS, {"title": "x", "repository": location}).status_code == 302


def test_small_files_come_with_the_form(web: Client) -> None:
    files = [SimpleUploadedFile("../../etc/app.log", b"one"), SimpleUploadedFile("b.log", b"two")]
    web.post(ADDRESS, {"title": "x", "attachments": files})
    assert sorted(Artifact.objects.values_list("name", "size")) == [("app.log", 3), ("b.log", 3)]


def test_uploaded_files_become_the_bug_s(web: Client, alice: Any) -> None:
    upload = uploads.begin_upload(alice, "big.log", 3)
    uploads.add_part(upload, 0, b"abc", "")
    web.post(ADDRESS, {"title": "x", "upload": [upload.token]})
    assert Artifact.objects.get().sha256.startswith("ba7816bf")
    assert not Upload.objects.exists()


def test_a_file_that_has_not_arrived_opens_no_bug(web: Client, alice: Any) -> None:
    upload = uploads.begin_upload(alice, "big.log", 3)
    answer = web.post(ADDRESS, {"title": "x", "upload": [upload.token]})
    assert "has not arrived whole" in answer.content.decode()
    assert not Bug.objects.exists()


def test_nobody_attaches_the_upload_of_another(web: Client, bob: Any) -> None:
    upload = uploads.begin_upload(bob, "bob.log", 0)
    web.post(ADDRESS, {"title": "x", "upload": [upload.token]})
    assert not Artifact.objects.exists()


def test_a_user_of_no_project_is_told_so(client: Client, charlie: Any) -> None:
    client.force_login(charlie)
    assert "not a member of any project" in client.post(ADDRESS, {"title": "x"}).content.decode()
