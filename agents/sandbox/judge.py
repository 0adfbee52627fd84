"""Judge candidates on a warm runner."""
