"""What people may type: a report, a comment; each field with the words that help to fill it in."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from django import forms

from agents.pipeline import STAGES
from bugs.rendering import words

SCHEMES = ("http", "https", "ssh", "git", "file")
SMALL_FILES = 8 << 20  # what a form without JavaScript may carry; larger files come in parts


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files, of at most `SMALL_FILES` bytes in all."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        one = super().clean
        files = [one(item, initial) for item in data or []] if isinstance(data, list | tuple) else []
        if sum(file.size for file in files) > SMALL_FILES:
            raise forms.ValidationError(
                "Files sent with the form may have 8 MiB together. Turn JavaScript on to send larger ones in parts."
            )
        return files


class ReportForm(forms.Form):
    title = forms.CharField(
        max_length=300,
        required=False,
        help_text="Left empty, the first line of the report is taken.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    text = forms.CharField(
        label="What happened",
        required=False,
        max_length=1 << 20,
        help_text="What you did, what you expected, what you got. Tracebacks and snippets in full; Markdown is fine.",
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false"}),
    )
    attachments = FilesField(label="Logs and other files", required=False)
    repository = forms.CharField(
        max_length=1000,
        required=False,
        help_text="URL or absolute path of a git repository. Without one, only the report and logs are read.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    commit = forms.CharField(
        max_length=200,
        required=False,
        help_text="Commit, tag or branch the bug was seen on. Empty is the default branch.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    python = forms.CharField(
        label="Python interpreter",
        max_length=500,
        required=False,
        help_text="Path of an interpreter that has the project's dependencies. Empty builds an environment.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    test_command = forms.CharField(
        max_length=500,
        required=False,
        help_text="Empty is guessed from the repository: pytest, or unittest where pytest is not used.",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "list": "test-commands", "placeholder": "guessed"}
        ),
    )
    until = forms.ChoiceField(
        label="Stop after",
        required=False,
        choices=[("", "Validate (run all five)"), *((name, words.stage_title(name)) for name in STAGES[:-1])],
    )

    def clean_repository(self) -> str:
        location = str(self.cleaned_data["repository"]).strip()
        if not location or _is_location(location):
            return location
        raise forms.ValidationError(
            "Neither a URL nor an absolute path. Write https://…, ssh://…, user@host:path or /path/to/repository."
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not (cleaned.get("title", "").strip() or cleaned.get("text", "").strip()):
            raise forms.ValidationError("Give the bug a title, or say what happened.")
        return cleaned


def _is_location(location: str) -> bool:
    if location.startswith("-") or any(sign.isspace() for sign in location):
        return False
    host_and_path = "@" in location and ":" in location.partition("@")[2]
    return PurePath(location).is_absolute() or urlsplit(location).scheme in SCHEMES or host_and_path


class CommentForm(forms.Form):
    text = forms.CharField(label="Comment", max_length=1 << 20, widget=forms.Textarea(attrs={"rows": 3}))


class FilesForm(forms.Form):
    attachments = FilesField(label="Files", required=False)
