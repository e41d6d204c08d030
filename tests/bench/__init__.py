"""Benchmarks: ratios in one run, kept in `results/` with date and machine. `make bench` runs them."""
