"""What docs/api.md says is what the program does."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs" / "api.md").read_text()
RAISED = re.compile(r'(?:Conflict|NotAllowed|Invalid|Unavailable|__init__)\(\s*"([a-z_]+)"')
REASON = re.compile(r'^    "([a-z_]+)": _\(', re.MULTILINE)
# Only pages reach these.
OF_PAGES = {"template_invalid", "no_inspection", "email_change_invalid", "not_operator"}


def test_every_code_is_documented() -> None:
    sources = [*(ROOT / "tasks" / "domain").glob("*.py"), *(ROOT / "tasks" / "api").glob("*.py")]
    sources += [*(ROOT / "platform/accounts/domain").glob("*.py"), *(ROOT / "workers/domain").glob("*.py")]
    sources += [ROOT / "tasks" / "errors.py", ROOT / "platform" / "jobs" / "idempotency.py"]
    raised = {code for path in sources for code in RAISED.findall(path.read_text())}
    raised |= set(REASON.findall((ROOT / "tasks" / "rules.py").read_text()))
    raised |= set(
        re.findall(r'\b[45]\d\d,\s*"([a-z_]+)"', (ROOT / "tasks" / "api" / "problems.py").read_text())
    )
    raised |= set(re.findall(r'_refused\("(image_[a-z_]+)"', (ROOT / "tasks/domain/uploads.py").read_text()))
    assert len(raised) > 50
    told = set(re.findall(r"`([a-z_]+)`", TEXT))
    assert raised - told - OF_PAGES == set()
