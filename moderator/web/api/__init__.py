"""What happens at each path: one module a part of the API, one function a route. `routes.py` lists them all."""
