"""The demo of the first start: opens the demo bug once, tells how its stages end, and names it again later."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings

from bugs.demo.opening import open_demo
from bugs.models import Bug, Run
from modulo_web.progress import Follower, line, one_line

SLUG = "off-by-one"  # the one that ends validated with no model


class Demonstration:
    """Call `step` now and then; it returns True when there is nothing more to tell."""

    def __init__(self, address: str, say: Callable[[str, str], None]) -> None:
        self.address = address
        self.say = say
        self.follower: Follower | None = None
        self.begun = False

    def step(self) -> bool:
        if not self.begun:
            self.begun = True
            self._begin()
        if self.follower is None:
            return True
        for event in self.follower.news():
            if line(event):
                self.say("", line(event))
        if self.follower.ended:
            self._tell(self.follower.run, "")
        return self.follower.ended

    def _begin(self) -> None:
        run = Run.objects.filter(bug__demo=SLUG).select_related("bug").order_by("pk").last()
        if run is None and settings.MODULO_DEMO:
            bug, run = open_demo(SLUG)
            self.say("demo", f"{self._page(bug)} {bug.title}")
        elif run is not None and run.status == Run.Status.RUNNING:
            self.say("demo", f"{self._page(run.bug)} goes on where it stopped")
        elif run is not None:
            self._tell(run, ", kept from an earlier start")
            return
        self.follower = Follower(run) if run is not None else None

    def _tell(self, run: Run, kept: str) -> None:
        seconds = (run.finished_at - run.created_at).total_seconds() if run.finished_at else 0.0
        if run.verdict == "validated":
            outcome = f"validated in {seconds:.1f} s"
        else:
            outcome = f"ended without a validated fix ({run.verdict or run.status}): {one_line(run.reason)}"
        self.say("demo", f"{outcome}{kept}: {self._page(run.bug)}")

    def _page(self, bug: Bug) -> str:
        return f"{self.address}/bugs/{bug.pk}/"
