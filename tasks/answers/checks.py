"""Machine checks of a template: read them, run them, tell people the result.

checks = parse_checks(version.checks, form)
results = run_checks(checks, answer, is_taken=...)
submission.checks = [result.as_json() for result in results]
... describe(submission.checks[0]) ...
"""

from tasks.answers.check_kinds import Check, CheckKind, ChecksRefused, limit_of
from tasks.answers.check_parse import parse_checks
from tasks.answers.check_run import CheckResult, blocking_failures, describe, run_checks
from tasks.answers.measure import unique_key

__all__ = [
    "Check",
    "CheckKind",
    "CheckResult",
    "ChecksRefused",
    "blocking_failures",
    "describe",
    "limit_of",
    "parse_checks",
    "run_checks",
    "unique_key",
]
