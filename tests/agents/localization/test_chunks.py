from itertools import pairwise

from agents.localization.chunks import cut, of_file


def functions(count, lines=10):
    body = "".join(f"    x{n} = {n}\n" for n in range(lines))
    return "".join(f"def f{n}():\n{body}\n\n" for n in range(count))


def test_chunks_cover_the_file_once_and_in_order():
    text = functions(20)
    chunks = of_file("a.py", text, tokens=100)
    assert "\n".join(chunk.text for chunk in chunks) == text.rstrip("\n")
    assert all(right.line == left.end_line + 1 for left, right in pairwise(chunks))


def test_no_chunk_goes_through_a_function():
    chunks = of_file("a.py", functions(20), tokens=100)
    assert len(chunks) > 5
    assert all(chunk.text.lstrip().startswith("def f") for chunk in chunks)


def test_a_long_function_is_a_chunk_of_its_own():
    text = "a = 1\n\n\n" + functions(1, lines=80) + "b = 2\n"
    sizes = [chunk.symbols for chunk in of_file("a.py", text, tokens=100)]
    assert sizes == [(), ("f0",), ()]


def test_a_function_that_is_a_table_of_data_is_left_out():
    text = functions(1, lines=2000) + "def small():\n    return 1\n"
    assert [chunk.symbols for chunk in of_file("a.py", text, tokens=100)] == [("small",)]


def test_a_class_is_cut_between_its_methods():
    methods = "".join(f"    def m{n}(self):\n        return {'x' * 200!r}\n\n" for n in range(6))
    chunks = of_file("a.py", f"class A:\n{methods}", tokens=100)
    assert [name for chunk in chunks for name in chunk.symbols if "." in name] == [f"A.m{n}" for n in range(6)]


def test_keys_are_stable_and_tell_texts_apart(shop):
    one, again = cut(shop, ["shop/basket.py"]), cut(shop, ["shop/basket.py"])
    (shop / "shop/basket.py").write_text("x = 1\n")
    other = cut(shop, ["shop/basket.py"])
    assert [chunk.key for chunk in one] == [chunk.key for chunk in again]
    assert one[0].key != other[0].key


def test_the_most_suspicious_files_are_cut_first_and_no_more_than_the_limit(shop):
    chunks = cut(shop, ["shop/checkout.py", "shop/basket.py"], tokens=20, limit=3)
    assert [chunk.index for chunk in chunks] == [0, 1, 2]
    assert chunks[0].path == "shop/checkout.py"


def test_a_file_that_does_not_parse_is_cut_all_the_same(shop):
    [chunk] = cut(shop, ["shop/broken.py"])
    assert chunk.text.startswith("def half(:")


def test_an_absent_or_empty_file_has_no_chunks(shop):
    (shop / "empty.py").write_text("")
    assert cut(shop, ["empty.py", "nowhere.py"]) == ()
