import subprocess

from agents.localization.history import HALF_LIFE_DAYS, LOG_FORMAT, Touch, churn, touches

DAY = 86_400


def test_an_old_change_counts_half_after_its_half_life():
    scores = churn([Touch("new.py", HALF_LIFE_DAYS * DAY), Touch("old.py", 0)])
    assert scores == {"new.py": 1.0, "old.py": 0.5}


def test_changes_of_a_file_add_up():
    assert churn([Touch("a.py", 0), Touch("a.py", 0)]) == {"a.py": 2.0}


def test_no_history_is_no_opinion():
    assert churn(touches("")) == {}


def test_touches_are_read_from_a_real_log(tmp_path):
    def git(*arguments):
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        return subprocess.run(
            ["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout

    git("init", "-q")
    for name in ("a file.py", "b.py"):
        (tmp_path / name).write_text("x\n")
        git("add", ".")
        git("commit", "-qm", "change")
    assert {touch.path for touch in touches(git("log", *LOG_FORMAT))} == {"a file.py", "b.py"}
