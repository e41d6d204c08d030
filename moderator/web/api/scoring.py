"""Scoring texts without recording anything; goes on while Redis is down."""

from aiohttp import web

from moderator.errors import FieldError, InputError
from moderator.scoring.scorer import TextIn
from moderator.web import views
from moderator.web.call import Call, reply
from moderator.web.inputs import ScoreIn
from moderator.web.schemas import ScoreOut, ScoreResult
from moderator.web.submissions import text_errors


async def score(call: Call) -> web.Response:
    """Scores for each text; one that cannot be accepted refuses them all."""
    asked: ScoreIn = call.body
    _check(asked, call.services.settings.score_limit, call.services.settings.text_limit)
    texts = [TextIn(text=item.text, format=item.format or "plain", language=item.language) for item in asked.items]
    results = await call.services.live.score(call.site, texts, spans=asked.spans)
    active = await call.services.live.current(call.site)
    answers = [
        ScoreResult(
            scores=scored.scores,
            language=scored.language,
            language_confidence=round(scored.language_confidence, 4),
            quoted_scores=views.quoted(scored),
            **({"spans": views.span_views(spans)} if asked.spans else {}),
        )
        for scored, spans in results
    ]
    bundle = results[0][0].bundle if results else active.scorer.id
    return reply(ScoreOut(bundle=bundle, results=answers))


def _check(asked: ScoreIn, most: int, text_limit: int) -> None:
    if len(asked.items) > most:
        raise InputError(FieldError("/items", "too_many", f"more than {most} texts", most))
    errors = [
        error
        for index, item in enumerate(asked.items)
        for error in text_errors(item.text, text_limit, f"/items/{index}/text", form=item.format)
    ]
    if errors:
        raise InputError(*errors)
