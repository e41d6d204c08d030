"""Texts in, calibrated probabilities out, with one bundle and one choice of views.

CPU only and not asynchronous: the service calls it off the event loop, a batch at a time. Two scorers may score in
two threads (a candidate is verified while the champion serves): they share one encoder, behind a lock.
"""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from moderator.domain import ATTRIBUTES, Scored, Span
from moderator.errors import BundleError, ScoringError
from moderator.scoring import language, surface
from moderator.scoring.bundle import Bundle, Model, Vector
from moderator.scoring.calibration import VIEWS, Tables, Views, mapped
from moderator.scoring.encoding import Encodes, shared_encoder
from moderator.scoring.explain import explain, lightest_dropped
from moderator.scoring.meaning import DIMENSIONS, encoder_digest, encoder_name
from moderator.scoring.normalise import Format, Passage, Prepared, meaning_text, prepare, prepare_all

__all__ = ["Encodes", "Scorer", "TextIn", "record_vectors", "score_passages", "shared_encoder"]

_TOLERANCE = 1e-3
_DECIMALS = 4
_EVEN = 0.5
_SPAM = ATTRIBUTES.index("spam")


class TextIn(Struct, frozen=True, gc=False):
    """One text to score. `language` is what the caller expects, used where the text itself cannot tell."""

    text: str
    format: Format = "plain"
    language: str | None = None


class Scorer:
    """Scores with a bundle whose test vectors were scored again when this was made."""

    def __init__(self, bundle: Bundle, views: Views = "all", *, encoder: Encodes | None = None) -> None:
        """Verify that `bundle` fits this process.

        Raises:
            BundleError: another encoder is installed than the head was fitted on (views `all` only), or a test vector
                scores otherwise than recorded.
        """
        self.bundle, self.views = bundle, views
        self._tables = Tables(bundle.model.calibration, views)
        self.encoder: Encodes | None = None
        if views == "all":
            _check_encoder(bundle)
            self.encoder = encoder or shared_encoder()
        self._check_vectors()

    @property
    def id(self) -> str:
        """The bundle's id, recorded with every decision."""
        return self.bundle.id

    def score(self, inputs: Sequence[TextIn], prepared: Sequence[Prepared] | None = None) -> list[Scored]:
        """Score `inputs` as one batch; linear in their length. `prepared`: the same texts, where a caller has them.

        Raises:
            ScoringError: a score is not a number. The whole batch fails: score its texts one by one.
        """
        # 1. What a reader sees, own and quoted apart (10 µs a text, pure Python but for odd texts).
        prepared = prepared or prepare_all([(item.text, item.format) for item in inputs])
        languages = [_detect(one, item) for one, item in zip(prepared, inputs, strict=True)]
        # 2. Both kinds of passage in one batch: quotes are rare.
        quoting = [position for position, one in enumerate(prepared) if one.quoted is not None]
        passages = [one.own for one in prepared] + [one.quoted for one in prepared if one.quoted is not None]
        codes = [code for code, _ in languages]
        codes += [codes[position] for position in quoting]
        # 3. Scores (CPU, batched: 30 µs a text for the surface, 2 to 3 ms for the meaning).
        scores = self.probabilities(passages, codes)
        # 4. Advertising hidden in a quote is advertising.
        own, quoted = scores[: len(inputs)].tolist(), dict(zip(quoting, scores[len(inputs) :].tolist(), strict=True))
        for position, row in quoted.items():
            own[position][_SPAM] = max(own[position][_SPAM], row[_SPAM])
        bundle = self.id
        return [
            Scored(
                scores=dict(zip(ATTRIBUTES, own[position], strict=True)),
                language=code,
                language_confidence=confidence,
                bundle=bundle,
                quoted=dict(zip(ATTRIBUTES, quoted[position], strict=True)) if position in quoted else None,
                obfuscation=prepared[position].undone,
            )
            for position, (code, confidence) in enumerate(languages)
        ]

    def explain(
        self,
        item: TextIn,
        scored: Scored,
        attributes: Sequence[str] | None = None,
        prepared: Prepared | None = None,
    ) -> tuple[Span, ...]:
        """Say which parts of the text raised the scores: at most 8 spans of the text as sent.

        `attributes`: those to explain; by default those over one half, or else the highest. The writer's own words
        are read, for spam the quoted ones if it is they that are spam. With views `all` a passage whose words alone do
        not tell why costs one batch of at most nine encodings (20 ms for an ordinary comment). `prepared`: the same
        text, where a caller has it.
        """
        named = list(attributes or _worth_explaining(scored))
        prepared = prepared or prepare(item.text, item.format)
        model, language_code = self.bundle.model, scored.language
        spans: tuple[Span, ...] = ()
        if prepared.quoted and scored.quoted and "spam" in named and scored.quoted["spam"] >= scored.scores["spam"]:
            named.remove("spam")
            spans = explain(model, prepared.quoted, language_code, {"spam": scored.quoted["spam"]}, self.encoder)
        if named:
            scores = {name: scored.scores[name] for name in named}
            spans += explain(model, prepared.own, language_code, scores, self.encoder)
        return lightest_dropped(spans)

    def probabilities(self, passages: Sequence[Passage], languages: Sequence[str]) -> NDArray[np.float64]:
        """float64 (passages, attributes), all finite, rounded as they are recorded.

        Raises:
            ScoringError: one is not a number.
        """
        scores = _scores(self.bundle.model, self._tables, passages, languages, self.encoder)
        if not np.isfinite(scores).all():
            raise ScoringError("a score is not a number")
        return scores

    def _check_vectors(self) -> None:
        vectors = self.bundle.vectors
        passages = [prepare(vector.text).own for vector in vectors]
        try:
            scores = self.probabilities(passages, [vector.language for vector in vectors])
        except ScoringError:
            scores = np.full((len(vectors), len(ATTRIBUTES)), np.nan)
        recorded = np.array([vector.scores[self.views] for vector in vectors], np.float64).reshape(scores.shape)
        wrong = np.flatnonzero(~(np.abs(scores - recorded) <= _TOLERANCE).all(axis=1))
        if wrong.size:
            raise BundleError(
                f"bundle {self.id} refused: its test vector {wrong[0] + 1} of {len(vectors)} scores otherwise than"
                f" recorded with views {self.views}; use the release that it was trained with, or train it again"
            )


def score_passages(
    model: Model,
    views: Views,
    passages: Sequence[Passage],
    languages: Sequence[str],
    encoder: Encodes | None,
) -> NDArray[np.float64]:
    """float64 (passages, attributes) of probabilities rounded to four decimals; nan where an input was not a number.

    `encoder` is needed for views `all` and not touched otherwise.
    """
    return _scores(model, Tables(model.calibration, views), passages, languages, encoder if views == "all" else None)


def _scores(
    model: Model, tables: Tables, passages: Sequence[Passage], languages: Sequence[str], encoder: Encodes | None
) -> NDArray[np.float64]:
    if not passages:
        return np.empty((0, len(ATTRIBUTES)))
    raw = surface.read(passages, model.surface)[:, : len(ATTRIBUTES)].astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        raw += tables.intercepts
        if encoder is not None:
            raw += _meaning(model, passages, tables.weights.of(languages), encoder)
        return mapped(tables.maps.of(languages), raw).round(_DECIMALS)


def record_vectors(model: Model, texts: Sequence[tuple[str, str]], encoder: Encodes) -> tuple[Vector, ...]:
    """Test vectors for a new bundle from (text, language) pairs, scored by `model` with both choices of views."""
    passages = [prepare(text).own for text, _ in texts]
    languages = [code for _, code in texts]
    scores = {views: score_passages(model, views, passages, languages, encoder) for views in VIEWS}
    return tuple(
        Vector(text, code, {views: tuple(rows[position].tolist()) for views, rows in scores.items()})
        for position, (text, code) in enumerate(texts)
    )


def _meaning(
    model: Model, passages: Sequence[Passage], by_language: NDArray[np.float64], encoder: Encodes
) -> NDArray[np.float64]:
    """The meaning view's logits, weighed by language; a text where it weighs nothing is not encoded."""
    counted = np.flatnonzero(by_language.any(axis=1)).tolist()
    vectors = np.zeros((len(passages), DIMENSIONS), np.float32)
    if counted:
        vectors[counted] = encoder.encode([meaning_text(passages[position]) for position in counted])
    result: NDArray[np.float64] = by_language * (vectors @ model.meaning)
    return result


def _detect(prepared: Prepared, item: TextIn) -> tuple[str, float]:
    return language.detect(prepared.own.normal, item.language)


def _worth_explaining(scored: Scored) -> list[str]:
    over = [name for name, score in scored.scores.items() if score >= _EVEN]
    return over or [max(scored.scores, key=scored.scores.__getitem__)]


def _check_encoder(bundle: Bundle) -> None:
    expected = bundle.manifest.encoder
    if expected.digest != encoder_digest():
        raise BundleError(
            f"bundle {bundle.id} refused: its meaning view was fitted on {expected.name}, and {encoder_name()} is"
            " installed; install that encoder, train it again, or set MODERATOR_VIEWS=surface"
        )
