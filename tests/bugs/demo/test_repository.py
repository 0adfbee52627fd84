import subprocess
from itertools import pairwise

from bugs.demo import repository


def git(where, *arguments):
    return subprocess.run(["git", *arguments], cwd=where, capture_output=True, text=True, check=True).stdout


def test_the_repository_has_a_history(tmp_path):
    root = repository.build(tmp_path / "library")
    assert len(git(root, "log", "--format=%h").split()) >= 12
    assert {mail.rsplit("@")[1] for mail in git(root, "log", "--format=%ae").split()} == {"example.org"}


def test_two_builds_are_the_same_to_the_commit_id(tmp_path):
    heads = [git(repository.build(tmp_path / name), "rev-parse", "main") for name in ("one", "two")]
    assert heads[0] == heads[1]


def test_the_last_commit_is_the_library_on_disk(tmp_path):
    root = repository.build(tmp_path / "library")
    tracked = git(root, "ls-files").split()
    assert {path: (root / path).read_text() for path in tracked} == repository.library_files()
    assert git(root, "status", "--porcelain") == ""


def test_a_repository_that_is_there_is_left_alone(tmp_path):
    root = repository.build(tmp_path / "library")
    (root / "notes.txt").write_text("mine")
    assert repository.build(root) == root
    assert (root / "notes.txt").read_text() == "mine"


def test_each_commit_changes_something():
    trees = [commit.tree for commit in repository.history()]
    assert all(earlier != later for earlier, later in pairwise(trees))


def test_the_tier_comparison_was_right_one_release_ago():
    before, after = (repository.history()[n].tree["tallybook/tiers.py"] for n in (-3, -2))
    assert "quantity <= tier.up_to" in before
    assert "quantity < self.up_to" in after
