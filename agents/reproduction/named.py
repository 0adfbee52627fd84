"""The failing test is named in the report and is already in the suite."""

from collections.abc import Iterator

from agents.report import Symptom
from agents.reproduction.project import Project
from agents.results import ReproductionTest

MAX_MATCHES = 5  # a name that fits more tests names none


def propose(symptom: Symptom, project: Project) -> Iterator[ReproductionTest]:
    """Tests of the suite whose name the report gives: a node id, a dotted unittest name or a bare function name."""
    seen: set[str] = set()
    for name in symptom.test_ids:
        matches = [test for test in project.tests if _names(name, test)]
        for test in matches if len(matches) <= MAX_MATCHES else ():
            if test not in seen:
                seen.add(test)
                yield ReproductionTest(id=test, origin="named", command=f"python -m {project.runner} {test}")


def _names(name: str, test: str) -> bool:
    """Is `name` the whole of `test`, or its end from a separator on (a file alone names no test)?"""
    if name.endswith(".py"):
        return False
    wanted, known = _dotted(name), _dotted(test)
    return known == wanted or known.endswith("." + wanted)


def _dotted(test: str) -> str:
    path, _, rest = test.partition("::")
    bare = rest.partition("[")[0] if "[" in rest else rest
    parts = [path.removesuffix(".py").replace("/", "."), bare.replace("::", ".")]
    return ".".join(part for part in parts if part).partition("[")[0]
