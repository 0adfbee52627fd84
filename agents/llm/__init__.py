"""The gateway to a model: one call in, tokens out, whatever the server does.

    gateway        put together: `build(settings, redact)`, and the door for code that is not asynchronous: `ask(...)`
    redact         nothing secret leaves
    meter          time, tokens, cost; a failed call becomes a reply that says so
    retry          which failures are tried again, when, and how the text goes on
    openai_model   the call itself, on any OpenAI-compatible server
    offline        no model is set up

Each layer is a class with `__init__(model, ...)` and `stream(request)`; knowing one is knowing all. `openai` and
`aiohttp` are imported where a model is called, nowhere else.
"""
