"""Open a demo bug as if its reporter had just sent it, and set it going."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import User

from bugs import actions
from bugs.demo.catalogue import DEMOS, build_repository
from bugs.models import Bug, Run


def open_demo(slug: str, user: User | None = None) -> tuple[Bug, Run]:
    """Open the demo bug `slug` with its comments, logs and repository; its run begins at once."""
    demo = DEMOS[slug]
    bug = actions.open_bug(
        title=demo.title,
        text=demo.text,
        reporter=user,
        repository=str(build_repository(slug, settings.MODULO_DATA / "demo" / slug)),
        happened_at=demo.happened_at,
        demo=slug,
    )
    Bug.objects.filter(pk=bug.pk).update(created_at=demo.created_at)  # "yesterday" in its text counts from here
    for comment in demo.comments:
        actions.add_comment(bug, comment.text, author_name=comment.author, at=comment.written_at)
    for log in demo.logs():
        actions.attach(bug, log.name, log.data)
    bug.refresh_from_db()
    return bug, actions.begin_run(bug, user)
