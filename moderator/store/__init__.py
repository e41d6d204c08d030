"""The only code that speaks Redis: one sender a node, one schema of keys, one Lua file an operation.

Every function that touches a site's data takes the site first. Nothing here knows HTTP, scores or policies.
"""
