"""What an operator can set: environment variables `MODERATOR_*`, read once, parsed completely, frozen.

The only module that touches `os.environ`. Each field of `Settings` is a variable (`port` is `MODERATOR_PORT`);
an empty variable counts as not set. `deploy/moderator.env.example` explains every one of them, and a test
holds the two together.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_type_hints
from urllib.parse import urlsplit

from msgspec import Struct

from moderator.errors import SettingsError

PREFIX = "MODERATOR_"
SECRET_FILE = "MODERATOR_SECRET_FILE"  # noqa: S105 - a variable's name
SHORTEST_SECRET = 32
_NEVER_SHOWN = {"secret", "redis_url"}


class Masked(str):
    """Text that `repr` does not show, so that it reaches no log and no traceback."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'********'"


class Url(str):
    """A URL whose password `repr` does not show."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(re.sub(r"(?<=//)[^/@]*@", "********@", str(self)))


@dataclass(frozen=True, slots=True)
class Kind:
    """How a variable's text becomes a value: `parse` raises ValueError for what `allowed` does not describe."""

    allowed: str
    parse: Callable[[str], Any]


def _whole(least: int, most: int) -> Kind:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", text) or not least <= int(text) <= most:
            raise ValueError
        return int(text)

    return Kind(f"a whole number from {least} to {most}", parse)


def _one_of(*values: str) -> Kind:
    def parse(text: str) -> str:
        if text not in values:
            raise ValueError
        return text

    return Kind(f"one of {', '.join(values)}", parse)


def _matching(pattern: str, allowed: str, make: Callable[[str], str] = str) -> Kind:
    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError
        return make(text)

    return Kind(allowed, parse)


def _redis_url(text: str) -> Url:
    parts = urlsplit(text)
    # `port` raises ValueError by itself where it is no number from 0 to 65535.
    place = parts.path if parts.scheme == "unix" else parts.hostname
    if parts.scheme not in {"redis", "rediss", "unix"} or not place or parts.port == 0:
        raise ValueError
    return Url(text)


_PATH = Kind("a path", lambda text: Path(text).expanduser())
_HOST = _matching(r"[A-Za-z0-9._:%-]{1,255}", "a host name or an address, without a port")
_REDIS = Kind("redis://host:port/0, rediss://host:port/0 or unix:///path/to/socket", _redis_url)
_KEY_PREFIX = _matching(r"[A-Za-z0-9_.-]{1,32}", "1 to 32 of A–Z a–z 0–9 _ . -")
_SECRET = _matching(f"(?s).{{{SHORTEST_SECRET},}}", f"at least {SHORTEST_SECRET} characters", Masked)

Views = Literal["all", "surface"]
Durability = Literal["process", "disk", "replica"]
LogLevel = Literal["debug", "info", "warning", "error"]


class Settings(Struct, frozen=True, kw_only=True):
    """Everything that can be set. Units are in the names; sizes called `_limit` without one are counts."""

    # Where it listens and keeps its things
    host: Annotated[str, _HOST] = "127.0.0.1"
    port: Annotated[int, _whole(0, 65535)] = 8080
    data: Annotated[Path, _PATH] = Path("data")
    processes: Annotated[int, _whole(1, 64)] = 1

    # Redis; with no URL an embedded server is started from `server`, the installed wheel or PATH
    redis_url: Annotated[str | None, _REDIS] = None
    server: Annotated[Path | None, _PATH] = None
    prefix: Annotated[str, _KEY_PREFIX] = "mod"
    durability: Annotated[Durability, _one_of("process", "disk", "replica")] = "process"
    redis_timeout_ms: Annotated[int, _whole(10, 60_000)] = 1000

    # The classifier
    bundle: Annotated[Path | None, _PATH] = None
    views: Annotated[Views, _one_of("all", "surface")] = "all"

    # Secrets and logs; with no secret one is made in the data folder
    secret: Annotated[str | None, _SECRET] = None
    log_level: Annotated[LogLevel, _one_of("debug", "info", "warning", "error")] = "info"

    # What a request may hold: text in code points, bodies and metadata in bytes, the others counted
    text_limit: Annotated[int, _whole(1, 1_000_000)] = 20_000
    body_limit: Annotated[int, _whole(1024, 1 << 30)] = 1 << 20
    bulk_body_limit: Annotated[int, _whole(1024, 1 << 30)] = 32 << 20
    metadata_limit: Annotated[int, _whole(0, 1 << 20)] = 4096
    nesting_limit: Annotated[int, _whole(4, 256)] = 32
    batch_limit: Annotated[int, _whole(1, 10_000)] = 500
    score_limit: Annotated[int, _whole(1, 10_000)] = 256

    # Intake: the bounded queue (comments), how long one may wait in it, and what goes into one batch
    queue_limit: Annotated[int, _whole(1, 1_000_000)] = 2048
    deadline_ms: Annotated[int, _whole(10, 600_000)] = 2000
    batch_comments: Annotated[int, _whole(1, 4096)] = 64
    batch_chars: Annotated[int, _whole(1, 10_000_000)] = 32_000
    batch_ms: Annotated[int, _whole(1, 10_000)] = 30

    # Moderators and the stop
    lease_s: Annotated[int, _whole(1, 86_400)] = 300
    shutdown_s: Annotated[int, _whole(0, 3600)] = 20

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read every setting from `environ` (None: the process's own).

        Raises:
            SettingsError: a value is not allowed; the message names the variable and what is allowed.
        """
        environ = os.environ if environ is None else environ
        given = {name: environ.get(variable(name), "").strip() for name in KINDS}
        given["secret"] = _secret(environ)
        settings = cls(**{name: _parse(name, text) for name, text in given.items() if text})
        settings.check()
        return settings

    def check(self) -> None:
        """Hold what two settings say together.

        Raises:
            SettingsError: they contradict each other.
        """
        if self.bulk_body_limit < self.body_limit:
            raise SettingsError("MODERATOR_BULK_BODY_LIMIT must not be smaller than MODERATOR_BODY_LIMIT.")
        if self.durability == "replica" and self.redis_url is None:
            raise SettingsError(
                "MODERATOR_DURABILITY=replica needs MODERATOR_REDIS_URL: the embedded server has no replica."
            )

    @property
    def bundle_folder(self) -> Path:
        """The bundle of a site that has no serving record."""
        return self.bundle or packaged_bundle()

    def public(self) -> dict[str, str]:
        """Variable → value as text, for the operator's eyes: secrets and passwords are masked, "" is not set."""
        values = {name: getattr(self, name) for name in KINDS}
        return {variable(name): "" if value is None else _public(value) for name, value in values.items()}


KINDS: Mapping[str, Kind] = {
    name: hint.__metadata__[0] for name, hint in get_type_hints(Settings, include_extras=True).items()
}
"""Field → how its variable is read, in the order of `Settings`."""


def variable(name: str) -> str:
    """The environment variable of a field."""
    return PREFIX + name.upper()


def variables() -> list[str]:
    """Every variable that is read, in the order of `Settings`."""
    names = [variable(name) for name in KINDS]
    names.insert(names.index("MODERATOR_SECRET") + 1, SECRET_FILE)
    return names


def misspelt(environ: Mapping[str, str] | None = None) -> list[str]:
    """One sentence for each variable that looks like a setting and is none: a typo would pass silently otherwise."""
    known = variables()
    names = sorted(os.environ if environ is None else environ)
    return [_hint(name, known) for name in names if name.startswith(PREFIX) and name not in known]


def packaged_bundle() -> Path:
    """The bundle that ships: beside the code in an installed wheel, `model/bundle` in a clone. It may be missing."""
    package = Path(__file__).parent
    installed = package / "bundle"
    return installed if installed.is_dir() else package.parent / "model" / "bundle"


def limit_blas() -> None:
    """Hold matrix products to one thread unless the operator set another number.

    Must run before numpy is imported for the first time. More threads than idle cores make the encoder 30 to
    200 times slower.
    """
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def share_metrics(folder: Path) -> None:
    """Let this process and its children add up their metrics in files under `folder`.

    Must run before `moderator.metrics` is imported for the first time.
    """
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def metrics_folder() -> Path | None:
    """Where several processes add up their metrics; None when there is one process."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(folder) if folder else None


def _public(value: object) -> str:
    return repr(value).strip("'") if isinstance(value, Masked | Url) else str(value)


def _parse(name: str, text: str, source: str | None = None) -> Any:
    """The value of field `name`, told by the variable `source` (None: its own)."""
    kind = KINDS[name]
    try:
        return kind.parse(text)
    except ValueError:
        shown = "has a wrong value" if name in _NEVER_SHOWN else f"is {text!r}"
        raise SettingsError(f"{source or variable(name)} {shown}; allowed: {kind.allowed}.") from None


def _secret(environ: Mapping[str, str]) -> str:
    """The secret, or "" when neither variable is set.

    Raises:
        SettingsError: both are set, or the file cannot be read or holds no secret.
    """
    given, path = environ.get("MODERATOR_SECRET", "").strip(), environ.get(SECRET_FILE, "").strip()
    if not path:
        return given
    if given:
        raise SettingsError(f"MODERATOR_SECRET and {SECRET_FILE} are both set; allowed: one of them.")
    try:
        text = Path(path).expanduser().read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"{SECRET_FILE} names {path!r}, which cannot be read: {reason}.") from error
    return str(_parse("secret", text, SECRET_FILE))


def _hint(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name.removeprefix(PREFIX), [each.removeprefix(PREFIX) for each in known], n=1)
    return f"{name} is no setting" + (f"; did you mean {PREFIX}{near[0]}?" if near else ".")
