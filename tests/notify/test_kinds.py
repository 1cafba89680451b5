"""Every kind of notice has all that it needs. How each comes about and arrives: `tests.tasks.test_mail`."""

from notify.domain.preferences import choices_of
from notify.kinds import GROUPS, KINDS
from notify.texts import TEXTS


def test_every_kind_has_a_line_and_a_place_on_the_page_of_choices() -> None:
    assert set(KINDS) == set(TEXTS)
    assert {kind.group for kind in KINDS.values()} == set(GROUPS)
    for name, kind in KINDS.items():
        assert kind.email in choices_of(name), name
        assert not kind.starts_clock or kind.kept, name
