"""Background loops, one a file, each with a `run_once` that tests and the loop call alike."""
