"""Fills the database of a running Modulo with bugs in every state. Run as `python -m tests.browser.seed`."""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "modulo_web.settings")
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402  needs Django to be set up
from django.utils import timezone  # noqa: E402

from bugs import actions  # noqa: E402
from bugs.models import Stage  # noqa: E402
from tests.bugs import stories  # noqa: E402

PASSWORD = "a password for tests"


def main() -> None:
    """Print the numbers of the bugs made, by what they show."""
    user = get_user_model().objects.create_superuser("tester", password=PASSWORD)
    made = {}
    for name in ("new", "running", "asking", "failed", "unrepaired", "done"):
        bug = actions.open_bug(title=f"A bug that is {name}", text=REPORT, reporter=user, repository="/srv/tallybook")
        made[name] = bug.pk
    bugs = {name: actions.default_project().bugs.get(pk=pk) for name, pk in made.items()}
    stories.rolled_over(bugs["asking"], user)
    stories.finished(bugs["done"], user)
    stories.finished(bugs["unrepaired"], user, verified=0)
    actions.attach(bugs["done"], "app.log", b"2026-02-01 02:14:07 ERROR no tier\n")
    actions.add_comment(bugs["done"], "Seen **again** tonight. <script>alert(1)</script>", author=user)
    for name in ("failed", "running"):
        run = actions.begin_run(bugs[name], user)
        stories.analyse(run)
        stage, _ = stories.take(run)
        if name == "failed":
            from agents.errors import ReportProblem

            error = ReportProblem(
                "The repository does not exist.", hint="Check its address.", slug="repository-refused"
            )
            actions.fail_stage(stage, error)
        else:
            # Nobody works on it: held for an hour, so that no worker takes it while the page is looked at.
            Stage.objects.filter(pk=stage.pk).update(lease_until=timezone.now() + timedelta(hours=1))
    json.dump(made, sys.stdout)


REPORT = """\
Since the upgrade the nightly run **dies** with `NoTier` for one customer.

    >>> Tiers([(100, 4), (2000, 3)]).tier_for(2000)
    NoTier: no tier for 2000 units

Expected the last tier. [Price sheet](https://example.org/prices) says *up to and including*.
"""

if __name__ == "__main__":
    main()
