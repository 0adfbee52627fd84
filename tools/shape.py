"""How long and how complex the code is, so that the tail stays visible: median, 90 %, 99 %, longest.

    python tools/shape.py [--json]

Complexity counts decisions (McCabe), nesting counts blocks within blocks of one function.
"""

import ast
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CODE = ("agents", "bugs", "modulo_web", "manage.py")
TESTS = ("tests",)
LEFT_OUT = ("migrations", "library")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)
DECISIONS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.IfExp, ast.comprehension, ast.match_case)


@dataclass(frozen=True)
class Function:
    name: str
    path: str
    lines: int
    complexity: int
    nesting: int
    typed: bool


def main() -> int:
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in files(CODE)}
    functions = [function for path, tree in trees.items() for function in measure(path, tree)]
    columns = {
        "function lines": [function.lines for function in functions],
        "complexity": [function.complexity for function in functions],
        "nesting": [function.nesting for function in functions],
        "file lines": [count(path) for path in trees],
    }
    figures = {name: spread(values) for name, values in columns.items()}
    handlers = [node for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)]
    shares = {
        "broad excepts": share([is_broad(handler) for handler in handlers]),
        "modules with a docstring": share(
            [bool(ast.get_docstring(tree)) for path, tree in trees.items() if count(path)]
        ),
        "functions fully typed": share([function.typed for function in functions]),
    }
    code, tests = sum(columns["file lines"]), sum(count(path) for path in files(TESTS))
    if "--json" in sys.argv:
        print(json.dumps({"spread": figures, "shares": shares, "code_lines": code, "test_lines": tests}))
    else:
        show(figures, shares, functions)
        print(f"{'lines':<26} code {code:,}, tests {tests:,} ({tests / max(code, 1):.2f} per line of code)")
    return 0


def files(places: Sequence[str]) -> Iterator[Path]:
    for place in places:
        found = [ROOT / place] if place.endswith(".py") else sorted((ROOT / place).rglob("*.py"))
        yield from (path for path in found if not set(LEFT_OUT) & set(path.parts))


def count(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def measure(path: Path, tree: ast.Module) -> Iterator[Function]:
    for node in ast.walk(tree):
        if isinstance(node, FUNCTIONS):
            own = list(inside(node))
            yield Function(
                name=node.name,
                path=str(path.relative_to(ROOT)),
                lines=(node.end_lineno or node.lineno) - node.lineno + 1,
                complexity=1 + sum(decisions(part) for part in own),
                nesting=depth(node),
                typed=is_typed(node),
            )


def inside(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes of a function, without those of functions within it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (*FUNCTIONS, ast.Lambda)):
            yield child
            yield from inside(child)


def decisions(node: ast.AST) -> int:
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    return int(isinstance(node, DECISIONS))


def depth(node: ast.AST) -> int:
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, FUNCTIONS):
            deepest = max(deepest, depth(child) + (isinstance(child, BLOCKS) and not is_elif(node, child)))
    return deepest


def is_elif(parent: ast.AST, child: ast.AST) -> bool:
    return isinstance(parent, ast.If) and isinstance(child, ast.If) and parent.orelse == [child]


def is_typed(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    named = [argument for argument in arguments if argument.arg not in ("self", "cls")]
    return node.returns is not None and all(argument.annotation for argument in named)


def is_broad(handler: ast.ExceptHandler) -> bool:
    caught = handler.type
    return caught is None or (isinstance(caught, ast.Name) and caught.id in ("Exception", "BaseException"))


def spread(values: Sequence[int]) -> list[int]:
    ordered = sorted(values)
    return [ordered[min(len(ordered) - 1, int(len(ordered) * part))] for part in (0.5, 0.9, 0.99)] + [ordered[-1]]


def share(claims: Sequence[bool]) -> float:
    return round(100 * sum(claims) / len(claims), 1) if claims else 0.0


def show(figures: dict[str, list[int]], shares: dict[str, float], functions: Sequence[Function]) -> None:
    print(f"{'':<26} median   90 %   99 %    max")
    for name, values in figures.items():
        print(f"{name:<26} " + " ".join(f"{value:>6}" for value in values))
    for name, percent in shares.items():
        print(f"{name:<26} {percent:>5.1f} %")
    longest = sorted(functions, key=lambda function: -function.lines)[:5]
    print("longest functions          " + ", ".join(f"{one.path}:{one.name} ({one.lines})" for one in longest))
    knotted = sorted(functions, key=lambda function: (-function.complexity, -function.nesting))[:5]
    told = ", ".join(f"{one.path}:{one.name} ({one.complexity}/{one.nesting})" for one in knotted)
    print(f"most complex/nested        {told}")


if __name__ == "__main__":
    sys.exit(main())
