"""The gateway as a whole: what leaves, what is counted, what is imported."""

import subprocess
import sys

from agents.llm import gateway
from agents.llm.settings import ModelSettings, Prices
from agents.perf.profile import Profile
from agents.perf.simulated import serve
from tests.agents.llm.wire import answering, ask, refusal, request


def hide(text: str) -> str:
    return text.replace("hunter2", "<secret:1>")


def test_no_secret_leaves() -> None:
    with serve(Profile(ttft=0.0, itl=0.0, tokens=3)) as server:
        model = gateway.build(ModelSettings(base_url=server.url, model="sim"), hide)
        (reply,) = gateway.ask(model, [request(text="password=hunter2")])
    assert reply.error == ""
    assert "hunter2" not in str(server.calls[0].body)
    assert "<secret:1>" in str(server.calls[0].body)


def test_what_a_server_says_of_a_failure_is_redacted_as_well() -> None:
    with answering(refusal("401 Unauthorized", {"error": {"message": "Incorrect key hunter2"}})) as server:
        model = gateway.build(ModelSettings(base_url=server.url, model="m"), hide)
        (reply,) = gateway.ask(model, [request()])
    assert "<secret:1>" in reply.error_text
    assert "hunter2" not in reply.error_text


def test_a_call_costs_what_its_tokens_cost() -> None:
    prices = Prices(input=2.0, output=10.0, cached=0.5)
    assert prices.cost(1_000_000, 100_000, 400_000) == 0.6 * 2.0 + 0.4 * 0.5 + 0.1 * 10.0
    with serve(Profile(ttft=0.0, itl=0.0, tokens=50)) as server:
        reply = ask(server.url, model="sim", prices=prices)
    assert reply.tokens_out == 50
    assert reply.cost_usd == prices.cost(reply.tokens_in, 50, 0)


def test_without_prices_the_cost_is_unknown() -> None:
    with serve(Profile(ttft=0.0, itl=0.0, tokens=5)) as server:
        assert ask(server.url, model="sim").cost_usd is None


def test_a_probe_tells_whether_the_model_answers() -> None:
    with serve(Profile(ttft=0.0, itl=0.0)) as server:
        assert gateway.probe(gateway.build(ModelSettings(base_url=server.url, model="sim"), str)).error == ""
    assert (
        gateway.probe(gateway.build(ModelSettings(base_url=server.url, attempts=1), str)).error == "model-unavailable"
    )


def test_a_key_is_not_shown_by_the_settings_that_hold_it() -> None:
    assert "sk-secret" not in repr(ModelSettings(api_key="sk-secret"))


def test_only_a_model_that_is_set_up_costs_its_imports() -> None:
    code = (
        "import sys; from agents.llm import gateway; gateway.build(gateway.ModelSettings(), str);"
        "print({'openai', 'aiohttp', 'httpx2'} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"
