"""The five stages, in the order of `agents/pipeline.py`; each tells its story in `run(context)`."""
