"""`moderator serve`: the service, until it is told to stop."""

import argparse

from moderator import log
from moderator.commands.terminal import describe
from moderator.serve import Inherited, serve
from moderator.settings import Settings, misspelt

_LOG = log.logger(__name__)


def configure(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        "Run the service until SIGINT or SIGTERM; what is in flight is finished. It is set by environment variables\n"
        "MODERATOR_*; 'moderator check' shows them. The first start prints a key and a sign-in, once.",
        "moderator serve",
        "MODERATOR_PORT=9000 MODERATOR_DATA=/var/lib/moderator moderator serve",
    )
    # A worker is started with these by its parent.
    parser.add_argument("--descriptor", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--store", help=argparse.SUPPRESS)
    parser.set_defaults(run=_serve)


def _serve(args: argparse.Namespace, settings: Settings) -> int:
    log.configure(settings.log_level)
    inherited = None if args.descriptor is None else Inherited(args.descriptor, args.store)
    if inherited is None:
        for why in misspelt():
            _LOG.warning("setting_unknown", why=why)
    return serve(settings, inherited=inherited)
