"""Models: which bundles there are, and which one decides."""

import re

import msgspec
from aiohttp import web

from moderator.errors import NotFound
from moderator.flow.models import ModelInfo
from moderator.web.call import Call, reply
from moderator.web.schemas import ModelFull, ModelPage, ModelView, ServingOut

_BUNDLE_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")


async def page(call: Call) -> web.Response:
    """Every bundle that can be promoted."""
    found = await call.services.models.all(call.site)
    return reply(ModelPage(models=[_view(each) for each in found]))


async def show(call: Call) -> web.Response:
    """One bundle."""
    model = await call.services.models.show(call.site, _bundle_id(call))
    manifest = msgspec.to_builtins(model.manifest)
    return reply(ModelFull(id=model.id, role=model.role, manifest=manifest, metrics=model.metrics, card=model.card))


async def promote(call: Call) -> web.Response:
    """Make a bundle the site's champion."""
    done = await call.services.models.promote(call.site, _bundle_id(call))
    return reply(ServingOut(generation=done.generation, ready=done.ready, waiting=done.waiting))


async def rollback(call: Call) -> web.Response:
    """Put back what served before."""
    done = await call.services.models.rollback(call.site)
    return reply(ServingOut(generation=done.generation, ready=done.ready, waiting=done.waiting))


def _bundle_id(call: Call) -> str:
    """A bundle's id becomes a folder's name, so that only what can be one goes further."""
    bundle_id = call.request.match_info["id"]
    if _BUNDLE_ID.fullmatch(bundle_id) is None:
        raise NotFound("There is no bundle with this id.")
    return bundle_id


def _view(model: ModelInfo) -> ModelView:
    return ModelView(id=model.id, role=model.role, manifest=msgspec.to_builtins(model.manifest))
