"""Everything about a training run that a person chooses: `model/params.toml`, read completely, frozen."""

import tomllib
from pathlib import Path

import msgspec
from msgspec import Struct

from moderator.errors import TrainingError

PARAMS = Path(__file__).parents[2] / "model" / "params.toml"
"""Where a clone keeps them; an installed wheel brings none: it retrains and does not train from corpora."""


class View(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one view is fitted. `pull`: strength of L2, in rows of weight 1; `max_iter`: steps of L-BFGS.

    `positives`: a positive counts (negatives ÷ positives) to this power times: 0 as it is, 1 until both weigh the same.
    """

    pull: float
    max_iter: int = 60
    positives: float = 0.0


class Blend(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the views are joined.

    `share`: see `blend`; `languages`: shares where another is known to suit; `attributes`: factors on them.
    `grid`: shares that are tried; `pull`: what a step of one `share` away must pay, in nats; `fewest`: rows of the
    rarer class that a language needs for a share of its own.
    """

    share: float
    pull: float
    grid: tuple[float, ...]
    fewest: int = 50
    languages: dict[str, float] = {}
    attributes: dict[str, float] = {}

    def start(self, language: str, attribute: str) -> float:
        """The share before anything is fitted."""
        return self.languages.get(language, self.share) * self.attributes.get(attribute, 1.0)


class Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one source is used.

    `weight`: what a row counts beside another source's. `family`: sources of one family share a nuisance intercept
    (default: each its own). `rows_at_most`: a larger source is thinned to it, its clean rows first, by hash.
    `clean_means_all`: its toxicity 0 says that all kinds of toxicity are 0. `not_spam`: weight of its rows as
    negatives for spam (0: a missing label stays missing).
    `own`: written for this project and kept in the repository.
    """

    weight: float = 1.0
    family: str | None = None
    rows_at_most: int | None = None
    clean_means_all: bool = False
    not_spam: float = 0.0
    own: bool = False


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One run. `leave_out`: sources that are never trained on; `characters`: what is read of a text while fitting.

    `leave_group_out`: source → attribute that is also measured with each group of the source left out in its turn.
    """

    surface: View
    meaning: View
    blend: Blend
    leave_out: tuple[str, ...] = ()
    characters: int = 4000
    leave_group_out: dict[str, str] = {}
    sources: dict[str, Source] = {}

    def source(self, name: str) -> Source:
        """How source `name` is used; one that is not listed counts fully."""
        return self.sources.get(name, Source())


def read_params(path: Path | None = None) -> Params:
    """Parse `path` (default: the clone's).

    Raises:
        TrainingError: it is missing or wrong; names the key.
    """
    chosen = path or PARAMS
    try:
        return msgspec.convert(tomllib.loads(chosen.read_text(encoding="utf-8")), Params)
    except FileNotFoundError:
        raise TrainingError(f"{chosen} is missing: training from corpora needs a clone of the repository") from None
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise TrainingError(f"{chosen.name}: {error}") from None
