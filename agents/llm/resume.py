"""A call that is tried again goes on with its text where it broke off, and never says a word twice."""

from dataclasses import replace

from agents.context import CallNotice, Delta, ModelReply
from agents.llm.layer import Batch
from agents.llm.offsets import width


class Resumed:
    """Passes on the text of a call's attempts as one text.

    A new attempt is silent as long as it repeats what was said before. Where it first differs, a `restart` notice says
    up to which character the old text stands, and the new text goes on from there.
    """

    def __init__(self) -> None:
        self.said: list[str] = []
        self.repeats = False
        self.old = ""
        self.new = ""

    def again(self) -> None:
        """Another attempt begins."""
        if not self.repeats:
            self.old = "".join(self.said)
        self.repeats, self.new = bool(self.old), ""

    def read(self, batch: Batch, attempt: int) -> Batch:
        """`batch` of attempt number `attempt`, as it is to be passed on."""
        passed: Batch = []
        for item in batch:
            match item:
                case Delta(text=text):
                    passed += self._delta(text)
                case ModelReply():
                    passed += [*self._end(), replace(item, attempts=attempt)]
                case _:
                    passed.append(item)
        return passed

    def _delta(self, text: str) -> Batch:
        if not self.repeats:
            self.said.append(text)
            return [Delta(text)]
        self.new += text
        return [] if self.old.startswith(self.new) else self._part(_common(self.old, self.new))

    def _end(self) -> Batch:
        return self._part(len(self.new)) if self.repeats and len(self.new) < len(self.old) else []

    def _part(self, stands: int) -> Batch:
        """The attempts differ from character `stands` on."""
        restart: Batch = [CallNotice(kind="restart", offset=width(self.old[:stands]))] if stands < len(self.old) else []
        fresh: Batch = [Delta(self.new[stands:])] if stands < len(self.new) else []
        self.repeats, self.said = False, [self.new]
        return restart + fresh


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
