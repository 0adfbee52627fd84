"""Mutation: one small source-preserving change each, used to repair code and to judge tests."""
