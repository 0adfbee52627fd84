"""The texts a model gets, as documents anybody can edit, and how its answers are read."""

from agents.prompts.documents import Rendered, names, render

__all__ = ["Rendered", "names", "render"]
