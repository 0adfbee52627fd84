"""How Modulo thinks: from a bug report to ranked, tested patches, as a plain library.

Nothing here knows of Django, Redis or the web; `bugs/context.py` is the one bridge. The map, from the top floor down:

    pipeline          the five stages in order, and when a run stops with a verdict
    stages/           analysis, reproduce, root_cause, fix, validate: each a page, each tells its story
    logs/             from gigabytes to a page, and whether the logs cover the incident
    reproduction/     a failing test out of a report, and the gate that asks whether it fails for the right reason
    localization/     fault localisation: spectrum, trace, text, history, chunk scores, fused into suspects
    mutation/         mutation operators: one small source-preserving edit each
    repair/           patches: candidates, deduplication, guard against test-gaming, ranking
    sandbox/          the only place where code of a project under test runs
    llm/              the gateway to a model; offline without one
    memory/           what earlier bugs taught
    prompts/          the texts a model gets, as documents
    perf/             load and the simulated model server
    source            a Python file as text and tree at once
    context           what a stage is given: StageContext and its protocols
    report, results, events, errors, codec   the values all rooms share
"""
