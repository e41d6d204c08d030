"""Comment moderation for news sites: scored, decided, recorded, queued, learned from."""

__version__ = "0.1.0"
