"""HTTP: the only package that knows aiohttp.web. Start with `routes.py`; `app.py` makes the application of it."""
