"""Where a server is and how to get in: a URL taken apart, once."""

import ssl
from dataclasses import dataclass, field, replace
from typing import Self
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit

from moderator.errors import SettingsError

_FORMS = "redis://[user:password@]host[:port][/db], rediss://… or unix:///path/to/socket"


@dataclass(frozen=True, slots=True)
class Address:
    """One server. Either `path` (a unix socket) or `host` and `port`; the password is not shown."""

    host: str = ""
    port: int = 6379
    path: str = ""
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    database: int = 0
    tls: ssl.SSLContext | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Take a URL apart.

        TLS checks the certificate; `?ssl_ca_certs=FILE`, `ssl_certfile`, `ssl_keyfile` and `ssl_cert_reqs=none` are
        understood.

        Raises:
            SettingsError: it is no such URL, or a certificate file cannot be read. The URL is not repeated.
        """
        try:
            return cls._from(urlsplit(url))
        except OSError as error:
            raise SettingsError(f"the TLS files that the Redis URL names cannot be used: {error.strerror}") from None
        except ValueError:
            raise SettingsError(f"the Redis URL is not understood; it must look like {_FORMS}") from None

    @classmethod
    def _from(cls, parts: SplitResult) -> Self:
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        user = unquote(parts.username) if parts.username else None
        password = unquote(parts.password) if parts.password else None
        if parts.scheme == "unix" and parts.path:
            return cls(path=unquote(parts.path), user=user, password=password, database=int(options.get("db", "0")))
        if parts.scheme not in {"redis", "rediss"} or not parts.hostname:
            raise ValueError
        database = int(parts.path.strip("/") or options.get("db", "0"))
        tls = _tls(options) if parts.scheme == "rediss" else None
        return cls(parts.hostname, parts.port or 6379, "", user, password, database, tls)

    def elsewhere(self, host: str, port: int) -> Self:
        """Another node of the same cluster: same way in, other place."""
        return replace(self, host=host or self.host, port=port, path="", database=0)

    def url(self) -> str:
        """The URL of a unix socket that needs no password: what an embedded server has."""
        return f"unix://{quote(self.path)}"

    def __str__(self) -> str:
        return self.path or f"{self.host}:{self.port}"


def _tls(options: dict[str, str]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=options.get("ssl_ca_certs"))
    if options.get("ssl_cert_reqs") == "none":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if "ssl_certfile" in options:
        context.load_cert_chain(options["ssl_certfile"], options.get("ssl_keyfile"))
    return context
