"""The nouns: everything Modulo knows is a row of one of these."""

from bugs.models.bug import Artifact, Bug, Comment, Project, Upload
from bugs.models.call import ModelCall
from bugs.models.candidate import Candidate, Trial
from bugs.models.event import Event
from bugs.models.memory import MemoryChange, MemoryEdge, MemoryItem, MemoryUse
from bugs.models.run import MAX_CRASHES, Run, Stage, Step

__all__ = [
    "MAX_CRASHES", "Artifact", "Bug", "Candidate", "Comment", "Event", "MemoryChange", "MemoryEdge", "MemoryItem",
    "MemoryUse", "ModelCall", "Project", "Run", "Stage", "Step", "Trial", "Upload",
]  # fmt: skip
