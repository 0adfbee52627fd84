"""What Modulo remembers of bugs and runs, and the doors to it."""
