"""Run benchmarks: `python -m benchmarks [NAME ...]`; the last line of each is one JSON object."""

import inspect
import json
import os
import pkgutil
import platform
import sys
import time
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import ModuleType

import benchmarks

PAGES = Path(__file__).resolve().parent.parent / "docs" / "benchmarks"


def main(names: list[str]) -> int:
    known = [module.name for module in pkgutil.iter_modules(benchmarks.__path__) if not module.name.startswith("_")]
    unknown = sorted(set(names) - set(known))
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}; there are: {', '.join(known)}.", file=sys.stderr)
        return 2
    return max([run(name) for name in names or known], default=0)


def run(name: str) -> int:
    """Run one benchmark, write its page and print its result; 1 when it misses its goal."""
    module = import_module(f"benchmarks.{name}")
    before, started = os.getloadavg(), time.monotonic()
    measured: benchmarks.Measurement = module.measure()
    result = {
        "bench": name,
        "ratio": round(measured.ratio, 3),
        "goal": measured.goal,
        "holds": measured.holds,
        "load": [round(before[0], 2), round(os.getloadavg()[0], 2)],
        "seconds": round(time.monotonic() - started, 1),
        **measured.figures,
    }
    PAGES.mkdir(parents=True, exist_ok=True)
    (PAGES / f"{name}.md").write_text(page(module, name, result), encoding="utf-8")
    print(json.dumps(result), flush=True)
    return 0 if measured.holds else 1


def page(module: ModuleType, name: str, result: dict[str, object]) -> str:
    rows = [
        f"| {key} | {json.dumps(value) if isinstance(value, list | dict) else value} |" for key, value in result.items()
    ]
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"
    return "\n".join(
        [
            f"# {name}",
            "",
            inspect.getdoc(module) or "",
            "",
            f"`make bench ONLY={name}` on {datetime.now(UTC):%Y-%m-%d}: {machine}.",
            "`load` is the machine's load before and after.",
            "",
            "| figure | value |",
            "|---|---|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
