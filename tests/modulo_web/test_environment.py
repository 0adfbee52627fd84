"""Where a setting comes from."""

import multiprocessing
import os
import stat
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from modulo_web import environment
from modulo_web.environment import Environment


def test_an_empty_value_counts_as_not_set():
    assert Environment({"MODULO_MODEL": ""}).text("MODULO_MODEL", "small", "the model") == "small"


def test_what_was_asked_for_is_remembered_with_its_meaning():
    read = Environment({})
    read.integer("MODULO_SLOTS", 16, "calls in flight")
    assert read.declared["MODULO_SLOTS"].default == "16"
    assert read.declared["MODULO_SLOTS"].meaning == "calls in flight"


@pytest.mark.parametrize("value", ["many", "-1", "1.5"])
def test_a_number_that_is_none_is_refused_by_the_name_of_its_setting(value):
    with pytest.raises(ImproperlyConfigured, match=r"MODULO_SLOTS is .*a whole number"):
        Environment({"MODULO_SLOTS": value}).integer("MODULO_SLOTS", 16, "calls in flight")


def test_a_flag_that_is_neither_true_nor_false_is_refused():
    with pytest.raises(ImproperlyConfigured, match="MODULO_DEMO is 'perhaps'; set it to true or false"):
        Environment({"MODULO_DEMO": "perhaps"}).flag("MODULO_DEMO", True, "the demo")


def test_a_choice_names_what_it_can_be():
    with pytest.raises(ImproperlyConfigured, match=r"\(empty\), bwrap"):
        Environment({"MODULO_SANDBOX": "docker"}).choice("MODULO_SANDBOX", "", ("", "bwrap"), "the sandbox")


def test_a_dot_env_file_may_hold_comments_exports_and_quotes(tmp_path: Path):
    file = tmp_path / ".env"
    file.write_text("# mine\nexport OPENAI_API_KEY='sk-1 # 2'\nMODULO_MODEL=small # cheap\n\nMODULO_PORT=\n")
    assert environment.parse(file) == {"OPENAI_API_KEY": "sk-1 # 2", "MODULO_MODEL": "small"}


def test_the_environment_wins_over_the_dot_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / ".env").write_text("MODULO_TEST_A=file\nMODULO_TEST_B=file\n")
    monkeypatch.setenv("MODULO_TEST_A", "environment")
    monkeypatch.setenv("MODULO_TEST_B", "")
    environment.load(tmp_path / ".env")
    assert (os.environ["MODULO_TEST_A"], os.environ["MODULO_TEST_B"]) == ("environment", "file")


def test_a_database_url_may_name_a_socket_directory_and_hold_escaped_signs():
    settings = environment.database("postgres://me:p%40ss@/bugs?host=/run/pg&sslmode=disable", "NORMAL")
    assert (settings["USER"], settings["PASSWORD"], settings["NAME"]) == ("me", "p@ss", "bugs")
    assert (settings["HOST"], settings["OPTIONS"]) == ("/run/pg", {"sslmode": "disable"})


def test_a_database_modulo_cannot_use_is_refused_with_those_it_can():
    with pytest.raises(ImproperlyConfigured, match="'mysql'; Modulo runs on sqlite"):
        environment.database("mysql://localhost/bugs", "NORMAL")


def test_the_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path):
    first = environment.secret(tmp_path)
    assert environment.secret(tmp_path) == first
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["secret-key"]


def test_processes_that_start_at_once_agree_on_the_secret(tmp_path: Path):
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert len(set(pool.map(environment.secret, [tmp_path] * 8))) == 1


def test_the_socket_of_a_deep_data_directory_moves_to_where_its_path_fits(tmp_path: Path):
    deep = tmp_path / ("d" * 100)
    assert environment.broker_socket(Path("/srv/modulo")) == Path("/srv/modulo/run/broker.sock")
    assert len(str(environment.broker_socket(deep))) <= environment.LONGEST_SOCKET_PATH
    assert environment.broker_socket(deep) != environment.broker_socket(tmp_path / ("e" * 100))
