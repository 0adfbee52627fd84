import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from agents.errors import Cancelled, ReportProblem
from agents.sandbox.repository import checkout, mirror
from tests.agents.sandbox.conftest import commit, git, nothing, repository


def refused(location: str, cache: Path, **options: object) -> ReportProblem:
    with pytest.raises(ReportProblem) as raised:
        mirror(location, cache, nothing, **options)
    assert raised.value.hint
    return raised.value


def test_a_checkout_is_the_tree_of_its_commit_and_nothing_else(tmp_path: Path, cache: Path) -> None:
    origin = repository(tmp_path / "origin", {"a.py": "x = 1\n"})
    first = git(origin, "rev-parse", "HEAD")
    commit(origin, {"b.py": "y = 2\n"})
    tree = checkout(mirror(str(origin), cache, nothing), first, tmp_path / "tree", nothing)
    assert [path.name for path in Path(tree.root).iterdir()] == ["a.py"]
    assert tree.commit == first


@pytest.mark.parametrize("name", ["", "main", "origin/main", "v1.0"])
def test_a_commit_may_be_named_in_any_way_git_knows(name: str, tmp_path: Path, cache: Path) -> None:
    origin = repository(tmp_path / "origin", {"a.py": ""})
    git(origin, "tag", "v1.0")
    head = git(origin, "rev-parse", "HEAD")
    tree = checkout(mirror(str(origin), cache, nothing), name or head[:9], tmp_path / "tree", nothing)
    assert tree.commit == head


def test_a_commit_made_after_the_mirror_is_fetched_when_it_is_asked_for(tmp_path: Path, cache: Path) -> None:
    origin = repository(tmp_path / "origin", {"a.py": ""})
    known = mirror(str(origin), cache, nothing)
    newer = commit(origin, {"a.py": "new = 1\n"})
    assert checkout(known, newer, tmp_path / "tree", nothing).commit == newer


@pytest.mark.parametrize("name", ["no-such-branch", "0" * 40, "--help", "-x", "main; touch /tmp/x"])
def test_a_commit_that_does_not_exist_is_a_sentence(name: str, tmp_path: Path, cache: Path) -> None:
    origin = repository(tmp_path / "origin", {"a.py": ""})
    with pytest.raises(ReportProblem) as raised:
        checkout(mirror(str(origin), cache, nothing), name, tmp_path / "tree", nothing)
    assert raised.value.slug == "commit-unknown"
    assert name in str(raised.value)


def test_a_path_that_does_not_exist(cache: Path) -> None:
    assert refused("/no/such/repository", cache).slug == "repository-missing"


def test_a_directory_that_is_no_repository(tmp_path: Path, cache: Path) -> None:
    assert refused(str(tmp_path), cache).slug == "repository-not-git"


def test_a_directory_within_a_repository_is_told_where_its_top_is(tmp_path: Path, cache: Path) -> None:
    origin = repository(tmp_path / "origin", {"src/a.py": ""})
    assert str(origin) in refused(str(origin / "src"), cache).hint


def test_a_repository_without_commits(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "empty").mkdir()
    git(tmp_path / "empty", "init", "-q")
    assert refused(str(tmp_path / "empty"), cache).slug == "repository-empty"


@pytest.mark.parametrize(
    "location",
    [
        "ext::sh -c touch% /tmp/x",
        "--upload-pack=touch /tmp/x",
        "ssh://-oProxyCommand=x/y",
        "fd::17",
        "",
        "http://x/y",
        "git://x/y",
    ],
)
def test_what_is_no_plain_address_is_refused(location: str, cache: Path) -> None:
    assert refused(location, cache).slug in ("repository-refused", "repository-unreachable")


def test_a_path_is_refused_where_paths_are_not_trusted(tmp_path: Path, cache: Path) -> None:
    origin = repository(tmp_path / "origin", {"a.py": ""})
    assert refused(str(origin), cache, trusted_paths=False).slug == "repository-refused"


def test_a_server_that_is_not_there(cache: Path) -> None:
    assert refused("https://127.0.0.1:9/team/project.git", cache).slug == "repository-unreachable"


@pytest.fixture
def locked_server() -> Iterator[str]:
    """A git server that wants a password, or knows of no repository."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(404 if "missing" in self.path else 401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_repository_that_needs_a_password(locked_server: str, cache: Path) -> None:
    problem = refused(f"{locked_server}/project.git", cache, protocols=("http",))
    assert problem.slug == "repository-refused"
    assert "password" in str(problem)


def test_a_wrong_password_is_not_repeated_in_what_is_said(locked_server: str, cache: Path) -> None:
    problem = refused(locked_server.replace("://", "://alice:hunter2@") + "/project.git", cache, protocols=("http",))
    assert "hunter2" not in f"{problem} {problem.hint}"


def test_a_repository_the_server_does_not_have(locked_server: str, cache: Path) -> None:
    assert refused(f"{locked_server}/missing.git", cache, protocols=("http",)).slug == "repository-missing"


def test_an_origin_that_is_gone_leaves_the_mirror_usable_and_says_so(tmp_path: Path, cache: Path) -> None:
    origin = repository(tmp_path / "origin", {"a.py": ""})
    known = mirror(str(origin), cache, nothing)
    os.utime(known / "modulo-location", (0, 0))
    git(origin, "update-ref", "-d", "refs/heads/main")
    tree = checkout(mirror(str(origin), cache, nothing), "", tmp_path / "tree", nothing)
    assert "could not be refreshed" in tree.note


def test_hooks_filters_and_monitors_of_the_repository_do_not_run(tmp_path: Path, cache: Path) -> None:
    marker = tmp_path / "marker"
    origin = repository(tmp_path / "origin", {"a.py": "", ".gitattributes": "*.py filter=evil diff=evil\n"})
    for name in ("post-checkout", "post-index-change", "pre-auto-gc", "reference-transaction"):
        hook = origin / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {marker}\n")
        hook.chmod(0o755)
    for key in ("core.fsmonitor", "filter.evil.smudge", "diff.external", "uploadpack.packObjectsHook"):
        git(origin, "config", key, f"touch {marker}")
    checkout(mirror(str(origin), cache, nothing), "", tmp_path / "tree", nothing)
    assert not marker.exists()


def test_symlinks_that_lead_out_of_the_tree_are_left_out_and_said(tmp_path: Path, cache: Path) -> None:
    origin = repository(tmp_path / "origin", {"pkg/a.py": "x = 1\n"})
    for name, goal in {"in": "pkg/a.py", "out": "../../etc/passwd", "abs": "/etc/passwd", "pkg/up": "../in"}.items():
        (origin / name).symlink_to(goal)
    commit(origin, {})
    tree = checkout(mirror(str(origin), cache, nothing), "", tmp_path / "tree", nothing)
    links = {path.relative_to(tree.root).as_posix() for path in Path(tree.root).rglob("*") if path.is_symlink()}
    assert links == {"in", "pkg/up"}
    assert "2 symlinks" in tree.note


def test_submodules_and_files_in_lfs_are_named(tmp_path: Path, cache: Path) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n"
    origin = repository(tmp_path / "origin", {"model.bin": pointer})
    git(origin, "update-index", "--add", "--cacheinfo", f"160000,{git(origin, 'rev-parse', 'HEAD')},vendored")
    git(origin, "commit", "-qm", "Vendor a library")
    tree = checkout(mirror(str(origin), cache, nothing), "", tmp_path / "tree", nothing)
    assert "vendored" in tree.note
    assert "model.bin" in tree.note


def test_files_marked_not_to_be_exported_are_there_all_the_same(tmp_path: Path, cache: Path) -> None:
    origin = repository(tmp_path / "origin", {"tests/t.py": "", ".gitattributes": "tests export-ignore\n"})
    tree = checkout(mirror(str(origin), cache, nothing), "", tmp_path / "tree", nothing)
    assert (Path(tree.root) / "tests" / "t.py").exists()


def test_a_run_that_is_cancelled_stops_fetching(tmp_path: Path, cache: Path) -> None:
    origin = repository(tmp_path / "origin", {"a.py": ""})

    def check() -> None:
        raise Cancelled("The run was cancelled.")

    with pytest.raises(Cancelled):
        mirror(str(origin), cache, check)
    assert mirror(str(origin), cache, nothing).exists()


def test_a_version_file_the_build_would_write_is_there(tmp_path: Path, cache: Path) -> None:
    config = '[tool.setuptools_scm]\nversion_file = "pkg/_version.py"\n'
    origin = repository(tmp_path / "origin", {"pyproject.toml": config, "pkg/__init__.py": ""})
    git(origin, "tag", "v2.3.1")
    tree = checkout(mirror(str(origin), cache, nothing), "", tmp_path / "tree", nothing)
    assert "'2.3.1'" in (Path(tree.root) / "pkg" / "_version.py").read_text()
