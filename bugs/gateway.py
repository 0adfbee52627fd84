"""The model as the settings describe it, and what is kept of each call to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.conf import settings

from agents import codec
from agents.context import Model, ModelReply, ModelRequest
from agents.llm import gateway
from agents.logs.redact import redact
from bugs import events
from bugs.models import ModelCall, Stage, storable


def model() -> Model:
    """The model of this installation; `offline` when none is set up."""
    return _built(model_settings())


@lru_cache(maxsize=2)
def _built(chosen: gateway.ModelSettings) -> Model:
    return gateway.build(chosen, redact)


def model_settings() -> gateway.ModelSettings:
    prices = None
    if settings.MODULO_PRICE_INPUT is not None and settings.MODULO_PRICE_OUTPUT is not None:
        prices = gateway.Prices(
            input=settings.MODULO_PRICE_INPUT,
            output=settings.MODULO_PRICE_OUTPUT,
            cached=settings.MODULO_PRICE_CACHED,
        )
    return gateway.ModelSettings(
        api_key=settings.OPENAI_API_KEY,
        base_url=settings.OPENAI_BASE_URL,
        model=settings.MODULO_MODEL,
        prices=prices,
        first_token_s=settings.MODULO_FIRST_TOKEN_SECONDS,
        between_s=settings.MODULO_IDLE_SECONDS,
    )


def redacted(request: ModelRequest) -> ModelRequest:
    """The request as it is sent, stored and shown: without secrets."""
    messages = tuple(replace(message, text=redact(message.text)) for message in request.messages)
    return replace(request, messages=messages)


def cell(request: ModelRequest) -> str:
    """The name under which a call's words reach the pages."""
    return f"{request.key}:{request.sample}" if request.sample else request.key


def known(stage: Stage) -> dict[tuple[str, int], ModelReply]:
    """The good replies this stage of the run already paid for, in any of its tries."""
    rows = ModelCall.objects.filter(stage__run=stage.run_id, stage__name=stage.name, error="")
    return {(row.key, row.sample): _reply(row) for row in rows}


def keep(stage: Stage, calls: Iterable[tuple[ModelRequest, ModelReply]]) -> None:
    """Store ended calls, a call a row: an earlier failure of the same call gives way, an earlier success stays."""
    for request, reply in calls:
        same = ModelCall.objects.filter(stage=stage, key=request.key, sample=request.sample)
        if same.filter(error="").exists():
            continue
        same.delete()
        ModelCall.objects.create(stage=stage, **_columns(request, reply))
        events.record(stage.run.bug, "model_called", _told(request, reply), run=stage.run.number, stage=stage.name)


def _columns(request: ModelRequest, reply: ModelReply) -> dict[str, Any]:
    cost = None if reply.cost_usd is None else Decimal(str(round(reply.cost_usd, 6)))
    return {
        "key": storable.cut(request.key, 100),
        "sample": request.sample,
        "purpose": storable.cut(request.purpose, 60),
        "model": storable.cut(storable.text(reply.model), 120),
        "prompt": storable.cut(request.prompt, 120),
        "messages": storable.json(codec.to_json(request.messages)),
        "text": storable.text(reply.text),
        "finish_reason": storable.cut(storable.text(reply.finish_reason), 30),
        "tokens_in": reply.tokens_in,
        "tokens_out": reply.tokens_out,
        "tokens_cached": reply.tokens_cached,
        "cost_usd": cost,
        "ttft_ms": reply.ttft_ms,
        "latency_ms": reply.latency_ms,
        "attempts": reply.attempts,
        "error": storable.cut(reply.error, 60),
        "error_text": storable.text(reply.error_text),
    }


def _reply(row: ModelCall) -> ModelReply:
    return ModelReply(
        key=row.key,
        text=row.text,
        sample=row.sample,
        model=row.model,
        finish_reason=row.finish_reason,
        tokens_in=row.tokens_in,
        tokens_out=row.tokens_out,
        tokens_cached=row.tokens_cached,
        cost_usd=None if row.cost_usd is None else float(row.cost_usd),
        ttft_ms=row.ttft_ms,
        latency_ms=row.latency_ms,
        attempts=row.attempts,
    )


def _told(request: ModelRequest, reply: ModelReply) -> dict[str, Any]:
    told = codec.to_json(replace(reply, text=""))
    return {**told, "cell": cell(request), "purpose": request.purpose, "prompt": request.prompt}
