"""Load tests and what they need: a simulated model server with seeded times and faults."""
