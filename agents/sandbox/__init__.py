"""The only place where code of a project under test runs: behind walls, with limits, and watched.

ladder         which isolation this machine offers, proven by a probe before it is used
bwrap, namespaces, rlimits   the rungs: siblings with the same `run` and `start`
run, watch     a sandboxed tree of processes: its output, its frames, its limits, its end
view           what a sandboxed process sees of this machine
launcher       the program that builds the walls of the rungs that need no helper installed
git, repository   a project's history and trees, fetched without trusting them
interpreters, requirements, environment   the Python a project's tests need
guest          the runner inside the project's own interpreter (one file, standard library only)
testrun, judge, spectra   tests run fresh, run warm once per candidate, and run line by line
"""
