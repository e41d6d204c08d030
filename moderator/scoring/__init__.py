"""Text in, scores out. No Redis, no HTTP, no scikit-learn, no clock, no logging of text."""
