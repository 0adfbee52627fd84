import asyncio
import json
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from channels.auth import AuthMiddlewareStack
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.test import Client

from bugs import actions, consumers, events, hub
from bugs.models import Bug, Event
from bugs.routing import websocket_urlpatterns
from tests.bugs import stories

Heard = TypeVar("Heard")
APPLICATION = AuthMiddlewareStack(URLRouter(websocket_urlpatterns))

pytestmark = pytest.mark.usefixtures("broker")


def connect(address: str, client: Client | None) -> Any:
    cookie = f"sessionid={client.cookies['sessionid'].value}".encode() if client else b""
    return WebsocketCommunicator(APPLICATION, address, headers=[(b"cookie", cookie)])


def play(story: Coroutine[Any, Any, Heard]) -> Heard:
    """Run `story` to its end, then let go of what the loop held."""

    async def whole() -> Heard:
        try:
            return await story
        finally:
            await hub.of_this_loop().close()
            layer: Any = get_channel_layer()
            await layer.flush()

    return asyncio.run(whole())


async def heard(socket: Any, kind: str, timeout: float = 3) -> Any:
    """The next message of that kind."""
    async with asyncio.timeout(timeout):
        while True:
            message = json.loads(await socket.receive_from(timeout))
            if message["t"] == kind:
                return message


async def closing(socket: Any) -> int:
    """The code the socket is closed with."""
    async with asyncio.timeout(3):
        while True:
            message = await socket.receive_output(3)
            if message["type"] == "websocket.close":
                return int(message["code"])


@pytest.fixture
def web(client: Client, alice: Any) -> Client:
    client.force_login(alice)
    return client


def test_a_page_gets_what_it_missed_and_then_the_news(bug: Bug, web: Client) -> None:
    stories.rolled_over(bug)
    known = Event.objects.filter(bug=bug).count()

    async def story() -> list[int]:
        socket = connect(f"/ws/bugs/{bug.pk}/?since=2", web)
        assert (await socket.connect())[0]
        seqs = [json.loads(await socket.receive_from(3))["seq"] for _ in range(known - 2)]
        await database_sync_to_async(actions.add_comment)(bug, "Seen again.")
        seqs.append((await heard(socket, "comment_added"))["seq"])
        await socket.disconnect()
        return seqs

    assert play(story()) == list(range(3, known + 2))


def test_what_a_model_says_arrives_while_it_speaks(bug: Bug, web: Client) -> None:
    async def story() -> Any:
        socket = connect(f"/ws/bugs/{bug.pk}/", web)
        await socket.connect()
        await heard(socket, "bug_opened")
        await asyncio.sleep(0.1)
        await asyncio.to_thread(events.tell, bug.pk, {"t": "token_delta", "c": "a", "o": 0, "x": "if"})
        message = await heard(socket, "batch")
        await socket.disconnect()
        return message["ev"]

    assert play(story()) == [{"t": "token_delta", "c": "a", "o": 0, "x": "if"}]


@pytest.mark.parametrize(("who", "code"), [(None, consumers.SIGNED_OUT), ("charlie", consumers.UNKNOWN)])
def test_who_may_not_see_a_bug_is_told_so_and_nothing_else(
    bug: Bug, client: Client, request: pytest.FixtureRequest, who: str | None, code: int
) -> None:
    if who:
        client.force_login(request.getfixturevalue(who))

    async def story() -> int:
        socket = connect(f"/ws/bugs/{bug.pk}/", client if who else None)
        await socket.connect()
        return await closing(socket)

    assert play(story()) == code


def test_an_open_socket_does_not_outlive_a_logout(bug: Bug, web: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bugs.hub.TICK_S", 0.1)

    async def story() -> int:
        socket = connect(f"/ws/bugs/{bug.pk}/", web)
        await socket.connect()
        await database_sync_to_async(web.logout)()
        return await closing(socket)

    assert play(story()) == consumers.NO_ACCESS


@pytest.mark.parametrize("text", ["x" * 5000, "[]", "nonsense", "\x00"])
def test_what_is_no_message_ends_the_connection(bug: Bug, web: Client, text: str) -> None:
    async def story() -> int:
        socket = connect(f"/ws/bugs/{bug.pk}/", web)
        await socket.connect()
        await socket.send_to(text_data=text)
        return await closing(socket)

    assert play(story()) == consumers.MISUSED


def test_a_flood_ends_the_connection(bug: Bug, web: Client) -> None:
    async def story() -> int:
        socket = connect(f"/ws/bugs/{bug.pk}/", web)
        await socket.connect()
        for _ in range(consumers.MESSAGES_A_SECOND + 1):
            await socket.send_to(text_data='{"ack": 0}')
        return await closing(socket)

    assert play(story()) == consumers.MISUSED


def test_a_page_that_reads_slowly_gets_everything_in_order_and_in_fewer_pieces(bug: Bug, web: Client) -> None:
    size, pieces = 2000, 400

    def speak() -> None:
        for number in range(pieces):
            events.tell(bug.pk, {"t": "token_delta", "c": "a", "o": number * size, "x": "x" * size})
            time.sleep(0.005)

    async def read_slowly(socket: Any) -> int:
        length, count = 0, 1
        while length < pieces * size:
            said = json.loads(await socket.receive_from(5))
            count += 1
            for event in said.get("ev", []):
                assert event["o"] == length
                length += len(event["x"])
            await socket.send_to(text_data=json.dumps({"ack": count}))
            await asyncio.sleep(0.051)
        return count

    async def story() -> int:
        socket = connect(f"/ws/bugs/{bug.pk}/", web)
        await socket.connect()
        await heard(socket, "bug_opened")
        await asyncio.sleep(0.1)
        speaking = asyncio.create_task(asyncio.to_thread(speak))
        async with asyncio.timeout(60):
            count = await read_slowly(socket)
        await speaking
        await socket.disconnect()
        return count

    assert play(story()) < pieces


def test_a_frame_larger_than_a_page_may_leave_unread_arrives_whole(bug: Bug, web: Client) -> None:
    text = "x" * (3 * consumers.UNREAD_BYTES)

    async def story() -> str:
        socket = connect(f"/ws/bugs/{bug.pk}/", web)
        await socket.connect()
        await heard(socket, "bug_opened")
        await asyncio.sleep(0.1)
        await asyncio.to_thread(events.tell, bug.pk, {"t": "token_delta", "c": "a", "o": 0, "x": text})
        arrived = ""
        while len(arrived) < len(text):
            arrived += "".join(event["x"] for event in (await heard(socket, "batch"))["ev"])
        await socket.disconnect()
        return arrived

    assert play(story()) == text


def test_an_event_too_large_for_a_message_is_told_without_its_payload(bug: Bug, web: Client) -> None:
    Event.objects.create(bug=bug, seq=2, kind="notice", payload={"text": "short", "more": ["x" * 4000] * 30})

    async def story() -> Any:
        socket = connect(f"/ws/bugs/{bug.pk}/?since=1", web)
        await socket.connect()
        message = await heard(socket, "notice")
        await socket.disconnect()
        return message

    message = play(story())
    assert (message["says"], message["p"], message["cut"]) == ("short", {}, True)


def test_the_list_hears_of_the_bugs_its_user_may_see(bug: Bug, web: Client) -> None:
    foreign = actions.open_bug(title="elsewhere", project=type(bug.project).objects.create(name="Other"))

    async def story() -> list[int]:
        socket = connect("/ws/bugs/", web)
        await socket.connect()
        await asyncio.sleep(0.2)
        for each in (foreign, bug):
            await database_sync_to_async(actions.add_comment)(each, "Seen again.")
        message = await heard(socket, "bugs")
        await socket.disconnect()
        return list(message["ids"])

    assert play(story()) == [bug.pk]


def test_a_lost_message_is_noticed_at_the_next_tick(bug: Bug, web: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bugs.hub.TICK_S", 0.3)

    def change_unheard() -> None:
        Event.objects.create(bug=bug, seq=2, kind="notice", payload={"text": "unheard"})
        Bug.objects.filter(pk=bug.pk).update(last_seq=2)

    async def story() -> Any:
        socket = connect(f"/ws/bugs/{bug.pk}/?since=1", web)
        await socket.connect()
        await database_sync_to_async(change_unheard)()
        message = await heard(socket, "notice")
        await socket.disconnect()
        return message["says"]

    assert play(story()) == "unheard"
