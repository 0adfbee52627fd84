"""The demo bugs: a small billing library with real history, and three reports about it."""
