import hashlib
import json
from typing import Any

import pytest
from django.test import Client

from bugs.actions import uploads
from bugs.models import Bug, Event, Upload
from tests.bugs import stories

ADDRESS = "/api/uploads/"


@pytest.fixture
def web(client: Client, alice: Any) -> Client:
    client.force_login(alice)
    return client


def begin(web: Client, name: str, size: int) -> str:
    answer = web.post(ADDRESS, json.dumps({"name": name, "size": size}), content_type="application/json")
    assert answer.status_code == 201
    return str(answer.json()["token"])


def put(web: Client, token: str, offset: int, part: bytes, digest: str | None = None) -> Any:
    said = hashlib.sha256(part).hexdigest() if digest is None else digest
    address = f"{ADDRESS}{token}/?offset={offset}"
    return web.put(address, part, content_type="application/octet-stream", headers={"X-Part-Sha256": said})


def test_a_file_arrives_in_parts(web: Client) -> None:
    token = begin(web, "app.log", 6)
    assert put(web, token, 0, b"abc").json()["received"] == 3
    assert put(web, token, 3, b"def").json()["whole"] is True
    assert uploads.place(Upload.objects.get()).read_bytes() == b"abcdef"


def test_a_part_at_the_wrong_place_gets_the_right_one(web: Client) -> None:
    token = begin(web, "app.log", 6)
    put(web, token, 0, b"abc")
    answer = put(web, token, 0, b"abc")
    assert (answer.status_code, answer.json()["received"]) == (409, 3)


def test_a_sender_that_comes_back_asks_where_to_go_on(web: Client) -> None:
    token = begin(web, "app.log", 6)
    put(web, token, 0, b"abc")
    assert web.get(f"{ADDRESS}{token}/").json()["received"] == 3


def test_a_part_that_was_cut_off_is_written_over(web: Client) -> None:
    token = begin(web, "app.log", 6)
    uploads.place(Upload.objects.get()).write_bytes(b"abXX")
    put(web, token, 0, b"abcdef")
    assert uploads.place(Upload.objects.get()).read_bytes() == b"abcdef"


def test_a_damaged_part_is_refused(web: Client) -> None:
    token = begin(web, "app.log", 6)
    answer = put(web, token, 0, b"abc", "0" * 64)
    assert (answer.status_code, answer.json()["error"]["slug"]) == (422, "upload-damaged")
    assert Upload.objects.get().received == 0


def test_more_than_was_announced_is_refused(web: Client) -> None:
    token = begin(web, "app.log", 2)
    assert put(web, token, 0, b"abc").status_code == 422


def test_the_name_of_a_file_is_never_a_path(web: Client) -> None:
    begin(web, "../../etc/passwd", 1)
    upload = Upload.objects.get()
    assert upload.name == "passwd"
    assert uploads.place(upload).name == upload.token


def test_a_cancelled_upload_leaves_nothing(web: Client) -> None:
    token = begin(web, "app.log", 6)
    kept = uploads.place(Upload.objects.get())
    assert web.delete(f"{ADDRESS}{token}/").status_code == 204
    assert not kept.exists()


def test_nobody_writes_to_the_upload_of_another(web: Client, bob: Any) -> None:
    token = begin(web, "app.log", 6)
    web.force_login(bob)
    assert put(web, token, 0, b"abc").status_code == 404


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"name": "x"}', '{"name": "x", "size": "many"}', '{"name": 1, "size": -1}']
)
def test_what_is_no_upload_is_refused_with_a_sentence(web: Client, body: str) -> None:
    answer = web.post(ADDRESS, body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


def test_events_are_replayed_from_a_seq_on(web: Client, bug: Bug, alice: Any) -> None:
    stories.finished(bug, alice)
    listed = web.get(f"/bugs/{bug.pk}/events?since=3").json()["events"]
    assert [event["seq"] for event in listed] == list(Event.objects.filter(seq__gt=3).values_list("seq", flat=True))
    assert all(event["says"] for event in listed)


def test_a_bug_is_also_json(web: Client, bug: Bug, alice: Any) -> None:
    stories.finished(bug, alice)
    said = web.get(f"/bugs/{bug.pk}.json").json()
    assert (said["id"], said["verdict"], len(said["candidates"])) == (bug.pk, "validated", 48)


def test_a_bug_that_never_ran_is_json_too(web: Client, bug: Bug) -> None:
    assert web.get(f"/bugs/{bug.pk}.json").json()["run"] is None
