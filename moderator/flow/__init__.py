"""The use cases: the only package that joins scoring, policy and store. Start with `intake.moderate`."""
