"""Scores and signals in, decision out. Pure: nothing here awaits, reads a clock, logs, or speaks to a store."""
