"""The small world of the tests: Alice has a project, Bob is on her team, Charlie must see nothing; a real broker."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from bugs import actions, streams
from bugs.models import Bug, Project, Run, Stage
from modulo_web import broker as brokers

hypothesis.settings.register_profile("modulo", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("modulo")


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def data(settings: Any, tmp_path: Path) -> Path:
    """A data directory of the test's own."""
    settings.MODULO_DATA = tmp_path / "data"
    settings.MODULO_DATA.mkdir()
    return settings.MODULO_DATA


@pytest.fixture
def project(transactional_db: None, data: Path) -> Project:
    return Project.objects.create(name="Tallybook")


@pytest.fixture
def alice(project: Project, django_user_model: Any) -> Any:
    user = django_user_model.objects.create_user("alice", password="alice's password")
    project.members.add(user)
    return user


@pytest.fixture
def bob(project: Project, django_user_model: Any) -> Any:
    user = django_user_model.objects.create_user("bob", password="bob's password")
    project.members.add(user)
    return user


@pytest.fixture
def charlie(project: Project, django_user_model: Any) -> Any:
    """On no team: sees no bug of Alice's."""
    return django_user_model.objects.create_user("charlie", password="charlie's password")


@pytest.fixture
def admin(project: Project, django_user_model: Any) -> Any:
    return django_user_model.objects.create_superuser("admin", password="admin's password")


@pytest.fixture
def bug(alice: Any, project: Project) -> Bug:
    """Alice's bug: no logs, no repository."""
    return actions.open_bug(
        title="Invoice total is one cent short", text="I expected 10.01 and got 10.00.", project=project, reporter=alice
    )


@pytest.fixture
def run(bug: Bug, alice: Any) -> Run:
    return actions.begin_run(bug, alice)


@pytest.fixture
def stage(run: Run) -> Stage:
    """The run's first stage, waiting for a worker."""
    return run.stages.select_related("run__bug").get()


@pytest.fixture
def held(stage: Stage) -> Stage:
    """The run's first stage, taken by this test."""
    taken = actions.start_stage(stage.pk, "the test")
    assert taken is not None
    return taken


@pytest.fixture(scope="session")
def broker_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real broker on a unix socket, or the service that REDIS_URL names."""
    from django.conf import settings

    if settings.REDIS_URL and not settings.BROKER_IS_OURS:
        yield settings.REDIS_URL
        return
    server = brokers.available()
    assert server is not None
    directory = tmp_path_factory.mktemp("b")
    socket = directory / "s"
    with subprocess.Popen(brokers.command(server, socket, directory), stdout=subprocess.DEVNULL) as process:
        url = f"unix://{socket}?db=0"
        assert brokers.wait(url, 10)
        yield url
        process.terminate()


@pytest.fixture
def broker(broker_url: str, settings: Any) -> Any:
    """An empty broker, used by the code under test; the fixture is a client of it."""
    settings.REDIS_URL = broker_url
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [{"address": broker_url, "socket_timeout": 30}]},
        }
    }
    client = streams.broker()
    assert client is not None
    client.flushdb()
    return client


@pytest.fixture
def no_broker(settings: Any) -> None:
    """The rung without a broker: everything in one process."""
    settings.REDIS_URL = ""
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
