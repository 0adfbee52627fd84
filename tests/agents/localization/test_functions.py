from agents.localization.functions import index, of_file


def names(functions):
    return [function.name for function in functions]


def test_methods_have_qualified_names(known):
    found = names(known.by_path["shop/basket.py"])
    assert found == ["", "Basket", "Basket.__init__", "Basket.add_item", "Basket.total", "empty"]


def test_a_line_belongs_to_the_innermost_definition(known):
    path, lines = "shop/basket.py", known.lines["shop/basket.py"]
    owners = {text.strip(): known.at(path, number).name for number, text in enumerate(lines, 1) if text.strip()}
    assert owners["LIMIT = 10"] == ""
    assert owners['currency = "EUR"'] == "Basket"
    assert owners["self.items.append(item)"] == "Basket.add_item"
    assert owners["basket.items.clear()"] == "empty"


def test_a_class_keeps_only_its_own_lines(known):
    basket = known.by_path["shop/basket.py"][1]
    assert "currency" in basket.text
    assert "append" not in basket.text


def test_a_file_that_does_not_parse_is_one_module(known):
    assert known.unreadable == ("shop/broken.py",)
    assert names(known.by_path["shop/broken.py"]) == [""]


def test_a_decorator_belongs_to_its_function():
    _, function = of_file("x.py", "@cache\n@wraps(f)\ndef g():\n    return 1\n")
    assert (function.first, function.body, function.last) == (1, 3, 4)


def test_functions_inside_functions_belong_to_the_outer_one():
    found = of_file("x.py", "def outer():\n    def inner():\n        return 1\n    return inner\n")
    assert names(found) == ["", "outer"]


def test_windows_line_ends_and_byte_order_marks_do_not_move_lines(tmp_path):
    (tmp_path / "x.py").write_bytes("\ufeffx = 1\r\n\r\ndef f():\r\n    return x\r\n".encode())
    known = index(tmp_path, ("x.py",))
    assert known.at("x.py", 4).name == "f"
    assert known.excerpt("x.py", 4, around=0) == "    4      return x"


def test_an_unknown_path_has_no_function(known):
    assert known.at("nowhere.py", 1) is None
