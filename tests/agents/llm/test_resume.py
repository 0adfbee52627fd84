"""The text of several attempts is one text: nothing is said twice, nothing is lost."""

from hypothesis import given
from hypothesis import strategies as st

from agents.context import CallNotice, Delta, ModelReply
from agents.llm.layer import Batch
from agents.llm.offsets import head
from agents.llm.resume import Resumed


def heard(*attempts: list[str]) -> Batch:
    """What is passed on of attempts with these deltas, the last of which ends well."""
    resumed, passed = Resumed(), []
    for number, deltas in enumerate(attempts, 1):
        if number > 1:
            resumed.again()
        for text in deltas:
            passed += resumed.read([Delta(text)], number)
    return passed + resumed.read([ModelReply(key="k", text="".join(attempts[-1]))], len(attempts))


def shown(passed: Batch) -> str:
    """What a page shows that follows the offsets."""
    text = ""
    for item in passed:
        if isinstance(item, Delta):
            text += item.text
        elif isinstance(item, CallNotice):
            text = head(text, item.offset)
    return text


@given(st.lists(st.lists(st.text(min_size=1, alphabet="ab🐍"), max_size=6), min_size=1, max_size=4))
def test_what_is_shown_in_the_end_is_what_the_last_attempt_said(attempts: list[list[str]]) -> None:
    passed = heard(*attempts)
    assert shown(passed) == "".join(attempts[-1])
    assert isinstance(passed[-1], ModelReply)


def test_an_attempt_that_says_the_same_again_goes_on_where_the_first_broke_off() -> None:
    passed = heard(["The bo", "und"], ["The ", "bound is", " off."])
    assert passed[:-1] == [Delta("The bo"), Delta("und"), Delta(" is"), Delta(" off.")]


def test_an_attempt_that_says_something_else_takes_back_what_differs() -> None:
    passed = heard(["🐍 bites"], ["🐍 sleeps"])
    assert passed[:-1] == [Delta("🐍 bites"), CallNotice(kind="restart", offset=3), Delta("sleeps")]


def test_an_attempt_that_says_less_takes_back_the_rest() -> None:
    assert heard(["too much"], ["too"])[1:-1] == [CallNotice(kind="restart", offset=3)]


def test_the_reply_counts_the_attempts() -> None:
    reply = heard([], [], ["third time lucky"])[-1]
    assert isinstance(reply, ModelReply)
    assert reply.attempts == 3
