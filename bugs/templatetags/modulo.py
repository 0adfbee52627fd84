"""How templates word and draw things: states, times, numbers, markdown, diffs, highlighted code."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from bugs.rendering import code, diff, markdown, quantities, words
from bugs.rendering.words import Label

register = template.Library()

TONE_ICONS = {"idle": "circle", "running": "running", "waiting": "waiting", "ok": "check", "failed": "cross"}


@register.simple_tag
def icon(name: str) -> SafeString:
    """A shape of the sprite; it is decoration, the word beside it carries the meaning."""
    return format_html('<svg class="icon icon-{0}" aria-hidden="true"><use href="{1}#{0}"/></svg>', name, _sprite())


def _sprite() -> str:
    return static("icons.svg")


@register.simple_tag
def state(label: Label | None) -> SafeString:
    """Glyph and word of a state."""
    if label is None:
        return SafeString("")
    shape = icon(label.icon or TONE_ICONS[label.tone])
    return format_html('<span class="state tone-{}">{}{}</span>', label.tone, shape, label.word)


@register.simple_tag
def chip(label: Label | None) -> SafeString:
    """A verdict, with its glyph, in a frame."""
    if label is None:
        return SafeString("")
    shape = icon(label.icon or TONE_ICONS[label.tone])
    return format_html('<span class="chip tone-{}">{}{}</span>', label.tone, shape, label.word)


@register.simple_tag
def when(moment: datetime | None) -> SafeString:
    """How long ago, with the exact time as its title."""
    if moment is None:
        return SafeString("")
    exact = moment.strftime("%Y-%m-%d %H:%M:%S %Z").strip()
    words_for_it = quantities.age(moment, timezone.now())
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exact, words_for_it)


@register.simple_tag
def clock(moment: datetime | None) -> SafeString:
    """The exact moment, to the second."""
    if moment is None:
        return SafeString("")
    exact = moment.strftime("%Y-%m-%d %H:%M:%S")
    return format_html('<time datetime="{}" title="{} {}">{}</time>', moment.isoformat(), exact, moment.tzname(), exact)


@register.simple_tag
def meter(width: float, tone: str = "accent", title: str = "") -> SafeString:
    """A bar `width` of 1000 long. Drawn by attributes: inline styles are forbidden by the page's policy."""
    return format_html(
        '<svg class="meter tone-{}" viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true">'
        '<title>{}</title><rect class="track" width="1000" height="8"/><rect width="{}" height="8"/></svg>',
        tone,
        title,
        max(0, min(1000, round(width))),
    )


register.filter("duration", quantities.duration)
register.filter("size", quantities.size)
register.filter("count", quantities.count)


@register.filter
def money(value: Decimal | float | None) -> str:
    return quantities.money(value)


@register.filter
def milliseconds(value: float | None) -> str:
    return quantities.duration((value or 0) / 1000)


@register.filter
def verdict(name: str) -> Label:
    return words.verdict(name)


@register.filter
def coverage(name: str) -> Label:
    return words.coverage(name)


@register.filter
def stage_title(name: str) -> str:
    return words.stage_title(name)


@register.filter
def plain(name: str) -> str:
    return words.plain(name)


@register.filter
def origin(name: str) -> str:
    return words.origin(name)


@register.filter
def printable(text: str | None) -> str:
    """Output of a test or a log for a `<pre>`; still escaped by the template."""
    return markdown.printable(text or "")


@register.filter
def prose(text: str) -> SafeString:
    """Markdown of a report, a comment or a model."""
    return mark_safe(markdown.render(text))  # noqa: S308  cleaned by an allow-list of tags


@register.filter
def ticks(text: str) -> SafeString:
    """A sentence whose words in `backticks` are code."""
    parts = [conditional_escape(part) for part in markdown.printable(text).split("`")]
    closed = len(parts) - 1 if len(parts) % 2 == 0 else len(parts)  # the last tick of an odd number stands for itself
    marked = [f"<code>{part}</code>" if at % 2 and at < closed else part for at, part in enumerate(parts)]
    return mark_safe("".join(marked[:closed]) + "".join(f"`{part}" for part in marked[closed:]))  # noqa: S308


@register.filter
def vote(value: float) -> str:
    """A voter's opinion: from 1 on it is a rank, below a score."""
    return f"#{value:.0f}" if value >= 1 and value == int(value) else f"#{value:.1f}" if value > 1 else f"{value:.2f}"


@register.filter
def python(text: str) -> SafeString:
    """Highlighted Python source."""
    return mark_safe(code.highlight(text))  # noqa: S308  every character is escaped by the highlighter


@register.filter
def diff_rows(text: str) -> tuple[diff.Row, ...]:
    return diff.rows(text)


@register.filter
def diff_size(text: str) -> diff.Size:
    return diff.size(text)


@register.filter
def shares(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each message of a model call with its size, its share of the call's 1000, and where its bar begins."""
    sizes = [len(str(message.get("text", ""))) for message in messages]
    whole, at, listed = max(sum(sizes), 1), 0.0, []
    for message, length in zip(messages, sizes, strict=True):
        width = round(length / whole * 1000, 1)
        listed.append({**message, "size": length, "tokens": (length + 3) // 4, "x": round(at, 1), "width": width})
        at += width
    return listed


@register.filter
def source_tone(source: str) -> str:
    """The hue of a message's source; sources without one of their own share the last."""
    known = ("prompt", "report", "digest", "code", "memory")
    return f"source-{source}" if source in known else "source-other"
