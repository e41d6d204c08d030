"""Which language a comment is written in, and how sure that is.

Two backends for one question: `eldc` where it has a wheel, `py3langid` elsewhere, both restricted to the same
languages. Russian and Ukrainian, the pair that every detector confuses in short texts, are told apart with the
letters that only one of them has as well. A bundle's manifest names the detector: calibration by language depends
on it.
"""

import math
import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec

UNKNOWN = "und"
"""No language could be told: too short, no letters, or a near tie. The score stands; the policy may hold more."""

_LATIN_AND_CYRILLIC = ("en", "ru", "uk", "de", "es", "pl", "tr", "pt", "fr", "it", "nl", "cs")
_OTHER_SCRIPTS = ("am", "ar", "el", "fa", "he", "hi", "hy", "ja", "ka", "ko", "zh")
LANGUAGES = _LATIN_AND_CYRILLIC + _OTHER_SCRIPTS
"""What is told apart. Of each script only languages that readers of news sites write often: more would confuse."""

Ranking = tuple[tuple[str, float], ...]
_READ = 150  # code points; more tell hardly more and cost more than the n-grams
_SURE = 0.55
_STEEPNESS = 25.0  # how much a lead in the detector's scores adds to the log odds; from held-out comments
_RUSSIAN, _UKRAINIAN = re.compile("[ыэъёЫЭЪЁ]"), re.compile("[іїєґІЇЄҐ]")
# Share of letters that are a language's own: their absence speaks for the other, letter by letter.
_OWN_SHARE = {"ru": 0.022, "uk": 0.070}
_LETTERS_RULE = 0.98


def name() -> str:
    """Detector and version, as a manifest records it."""
    package = "eldc" if find_spec("eldc") else "py3langid"
    return f"{package} {version(package)}"


def detect(text: str, hint: str | None = None) -> tuple[str, float]:
    """Return (language, confidence in [0, 1]), or (`UNKNOWN`, the confidence that was too low). Never raises.

    `hint` is the language that the caller expects (the article's): it is taken where the text cannot tell.
    """
    begin = text[:_READ]
    try:
        ranking, reliable = _backend()(begin)
    except UnicodeEncodeError:  # a lone surrogate
        ranking, reliable = (), False
    language, confidence = _judge(begin, ranking, reliable)
    if confidence >= _SURE:
        return language, round(confidence, 4)
    return hint or UNKNOWN, round(confidence, 4)


def _judge(text: str, ranking: Ranking, reliable: bool) -> tuple[str, float]:
    """The best language and its confidence."""
    if not ranking:
        return UNKNOWN, 0.0
    language, score = ranking[0]
    if language in _OWN_SHARE:
        return _russian_or_ukrainian(text, dict(ranking))
    lead = score - (ranking[1][1] if len(ranking) > 1 else 0.0)
    confidence = _sigmoid(_STEEPNESS * lead)
    return language, confidence if reliable else confidence * min(score, 1.0)


def _russian_or_ukrainian(text: str, scores: dict[str, float]) -> tuple[str, float]:
    russian = _RUSSIAN.search(text) is not None
    ukrainian = _UKRAINIAN.search(text) is not None
    if russian != ukrainian:
        return ("ru" if russian else "uk"), _LETTERS_RULE
    odds = _STEEPNESS * (scores.get("ru", 0.0) - scores.get("uk", 0.0))
    if not russian:
        odds += (_OWN_SHARE["uk"] - _OWN_SHARE["ru"]) * (len(text) - text.count(" "))
    return ("ru" if odds > 0 else "uk"), _sigmoid(abs(odds))


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-min(value, 30.0)))


@cache
def _backend() -> Callable[[str], tuple[Ranking, bool]]:
    """The detector that is installed, loaded once a process."""
    return _eldc() if find_spec("eldc") else _py3langid()


def _eldc() -> Callable[[str], tuple[Ranking, bool]]:
    eldc = import_module("eldc")
    eldc.init()
    detector = eldc.instance()
    detector.set_languages(list(LANGUAGES))
    detector.set_scores(2)

    def rank(text: str) -> tuple[Ranking, bool]:
        result = detector.detect_details(text)
        return tuple(result.scores.items()), result.reliable

    return rank


def _py3langid() -> Callable[[str], tuple[Ranking, bool]]:
    langid = import_module("py3langid.langid")
    identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    identifier.set_languages(LANGUAGES)

    def rank(text: str) -> tuple[Ranking, bool]:
        ranking = [(code, float(score)) for code, score in identifier.rank(text)[:2]]
        if not any(map(str.isalpha, text)):
            return (), False
        return tuple(ranking), ranking[0][1] > 0.9

    return rank
