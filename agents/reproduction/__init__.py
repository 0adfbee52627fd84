"""A failing test out of a bug report, and the gate that asks whether it fails for the right reason."""
