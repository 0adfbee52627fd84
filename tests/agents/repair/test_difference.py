"""Patches that say the same fall together; what differs is found without reading the whole file twice."""

from agents.repair.difference import Change, difference, key

CLASS = "class A:\n    x = 1\n\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n"


def test_formatting_and_comments_make_no_other_patch() -> None:
    one = Change("m.py", CLASS, CLASS.replace("return 1", "return (1 + 1)  # two"))
    other = Change("m.py", CLASS, CLASS.replace("return 1", "return 1+1"))
    assert key([one]) == key([other])


def test_the_same_change_in_another_place_is_another_patch() -> None:
    one = Change("m.py", CLASS, CLASS.replace("return 1", "return 3"))
    other = Change("m.py", CLASS, CLASS.replace("return 2", "return 3"))
    assert key([one]) != key([other])


def test_a_patch_that_changes_nothing_but_spaces_has_no_key() -> None:
    assert key([Change("m.py", CLASS, CLASS.replace("x = 1", "x  =  1"))]) is None


def test_a_patch_that_does_not_parse_has_no_key() -> None:
    assert key([Change("m.py", CLASS, CLASS.replace("return 1", "return ("))]) is None


def test_only_the_changed_method_differs() -> None:
    found = difference(Change("m.py", CLASS, CLASS.replace("return 2", "return 3")))
    assert found
    assert [getattr(node, "name", "") for node in found.gone] == ["g"]
    assert [getattr(node, "name", "") for node in found.come] == ["g"]


def test_a_new_method_differs_from_nothing() -> None:
    found = difference(Change("m.py", CLASS, CLASS + "\n    def h(self):\n        return 3\n"))
    assert found
    assert found.gone == ()
    assert [getattr(node, "name", "") for node in found.come] == ["h"]


def test_the_key_is_the_same_however_the_change_is_windowed() -> None:
    small = Change("m.py", CLASS, CLASS.replace("return 2", "return 3"))
    wide = Change("m.py", CLASS, CLASS.replace("x = 1", "x = 1  # one").replace("return 2", "return 3"))
    assert key([small]) == key([wide])
