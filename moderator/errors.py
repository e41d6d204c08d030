"""The one exception tree.

    ModeratorError
    ├── InputError            what a caller sent cannot be accepted; names the field, never its content
    ├── NotFound              no such thing in this site
    ├── Conflict              the thing exists and disagrees: a stable code says how
    ├── Gone                  it was erased
    ├── Unauthenticated       nobody knows the caller: no key or token, or an unknown or revoked one
    ├── Denied                the caller may not; `code` says why
    ├── Overloaded            the bounded queue is full, or memory is; try again
    ├── StoreError            Redis did not do it
    │   ├── StoreUnavailable  nothing was sent or nothing was done: a retry is safe and needed
    │   └── OutcomeUnknown    it was sent and the answer was lost: a retry with the same id settles it
    ├── ScoringError          a text could not be scored; the caller's failure outcome applies
    ├── BundleError           a bundle that must not be served, with what to do about it
    ├── PolicyError           a policy document that is wrong, with line and key
    ├── TrainingError         training cannot start or failed, with what is missing
    └── SettingsError         the service cannot start as it is set up; one sentence for the operator

Domain errors know no HTTP; `web/problems.py` maps each class to a status. No message ever holds comment text.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field. `pointer` is a JSON pointer (RFC 6901), `code` is stable, `limit` the limit that was passed."""

    pointer: str
    code: str
    detail: str
    limit: int | None = None


class ModeratorError(Exception):
    """Anything this service raises on purpose. `code` is stable and snake_case."""

    code = "error"

    def __init__(self, detail: str, *, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        if code is not None:
            self.code = code


class InputError(ModeratorError):
    """What a caller sent is wrong: one entry a field."""

    code = "invalid"

    def __init__(self, *errors: FieldError) -> None:
        super().__init__("; ".join(f"{error.pointer or '/'}: {error.detail}" for error in errors))
        self.errors = errors


class NotFound(ModeratorError):
    """No such comment, site, bundle … here; another site's things look the same."""

    code = "not_found"


class Conflict(ModeratorError):
    """The thing is not as the caller thinks: `code` is `id_conflict`, `lease_lost`, `revision_changed`, `superseded` …

    `extra` is added to the problem document, e.g. `current_revision`.
    """

    code = "conflict"

    def __init__(self, detail: str, *, code: str, **extra: int | str) -> None:
        super().__init__(detail, code=code)
        self.extra = extra


class Gone(ModeratorError):
    """It was here and was erased; the id stays taken."""

    code = "erased"


class Unauthenticated(ModeratorError):
    """No key or token came, or one that is unknown or revoked; which of the two is not said. Names no part of it."""

    code = "unauthenticated"


class Denied(ModeratorError):
    """The caller is known and may not do this."""

    code = "forbidden"


class Overloaded(ModeratorError):
    """Too much waits already; nothing was taken."""

    code = "overloaded"

    def __init__(self, detail: str, *, retry_after_s: int = 1) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class StoreError(ModeratorError):
    """Redis did not do what was asked."""

    code = "store_error"


class StoreUnavailable(StoreError):
    """Certain to have changed nothing: not sent, or refused before anything was written."""

    code = "store_unavailable"


class OutcomeUnknown(StoreError):
    """Sent, but the answer was lost (timeout, closed connection). `comment_id`: what to retry with, once known."""

    code = "outcome_unknown"

    def __init__(self, detail: str, *, comment_id: str | None = None) -> None:
        super().__init__(detail)
        self.comment_id = comment_id


class ScoringError(ModeratorError):
    """A batch could not be scored: an array operation failed, or a score is no number. Tried alone, most texts pass."""

    code = "scoring_failed"


class BundleError(ModeratorError):
    """A bundle that must not be served; the message says which check failed and what to do."""

    code = "bundle_refused"


class PolicyError(ModeratorError):
    """A policy document that is wrong. `line` is 1-based, `key` dotted, each None where the document gives none."""

    code = "policy_invalid"

    def __init__(self, detail: str, *, line: int | None = None, key: str | None = None) -> None:
        where = ", ".join(part for part in (f"line {line}" if line else "", f"key {key}" if key else "") if part)
        super().__init__(f"{where}: {detail}" if where else detail)
        self.line, self.key = line, key


class TrainingError(ModeratorError):
    """Training refuses or failed; the message says what it needs."""

    code = "training_refused"


class SettingsError(ModeratorError):
    """The service cannot start as it is set up: one plain sentence, exit code 1, no traceback."""

    code = "settings"
