"""A batch whose template has a newer version by now: nothing of that one is dropped unnoticed."""

from typing import Any

import pytest
from django.utils.translation import override

from kernel.clock import now
from kernel.errors import Invalid
from tasks.domain import batches, manuals, questions, repair_choice, templates
from tasks.models import Batch, Template, TemplateVersion
from tests.factories import Cast, make_batch
from tests.tasks.domain.test_repair import MANUAL, NOTE, mend, stricter
from tests.tasks.domain.world import CONTENT, plain_batch, take

pytestmark = [pytest.mark.both, pytest.mark.django_db]


def behind(cast: Cast) -> tuple[Batch, TemplateVersion, TemplateVersion]:
    """A batch on version 1, that version, and version 2 with a check and a manual more."""
    batch = plain_batch(cast, count=3)
    own = manuals.step_of(batch.pk).template_version
    checks = TemplateVersion.objects.get(pk=stricter(cast)).checks
    newest = templates.publish_version(
        template=own.template, content={**CONTENT, "checks": checks, "manual_ja": "5字以上"}, by=None
    )
    return batch, own, newest


def test_a_corrected_manual_says_on_which_version_it_is_based(cast: Cast) -> None:
    batch, own, newest = behind(cast)
    with override("en"), pytest.raises(Invalid) as refused:
        mend(batch, cast, **MANUAL)
    problem = refused.value.fields[0]
    assert (problem.field, problem.code) == ("version", "newer_version")
    assert f"version {newest.number}" in str(problem.message)
    assert own.template.versions.count() == 3


def test_the_newest_ones_form_and_checks_are_kept(cast: Cast) -> None:
    batch, own, newest = behind(cast)
    held = take(batch, cast.ben)
    after = mend(batch, cast, version_id=newest.pk, manual_ja="5字以上、ブランド名も").after
    assert (after.number, after.checks, after.manual_ja) == (4, newest.checks, "5字以上、ブランド名も")
    held.refresh_from_db()
    assert held.template_version == after
    assert batches.latest_version("plain", batch.store) == after
    assert own.checks != after.checks


def test_the_newest_one_as_it_is(cast: Cast) -> None:
    batch, _own, newest = behind(cast)
    same = {"manual_ja": newest.manual_ja, "manual_en": newest.manual_en}
    assert mend(batch, cast, version_id=newest.pk, **same).after == newest


def test_the_own_version_when_it_is_named(cast: Cast) -> None:
    batch, own, newest = behind(cast)
    after = mend(batch, cast, version_id=own.pk, **MANUAL).after
    assert (after.number, after.checks) == (4, own.checks)
    with pytest.raises(Invalid) as unchanged:
        mend(batch, cast, version_id=after.pk)
    assert [one.code for one in unchanged.value.fields] == ["unchanged"]
    assert manuals.newest(manuals.step_of(batch.pk)) is None
    assert newest.number < after.number


def test_what_is_looked_at_before_it_is_done(cast: Cast) -> None:
    batch, own, newest = behind(cast)
    step = manuals.step_of(batch.pk)

    def check(**how: Any) -> repair_choice.Choice:
        return repair_choice.check(step=step, scope="all", note=NOTE, now=now(), **how)

    made = check(version_id=newest.pk, manual_ja="新")
    assert (made.base, made.after.checks, made.after.manual_ja, made.corrected) == (
        newest,
        newest.checks,
        "新",
        True,
    )
    as_it_is = check(version_id=newest.pk)
    assert (as_it_is.base, as_it_is.after, as_it_is.corrected) == (newest, newest, False)
    assert check(version_id=own.pk, manual_ja="新").base == own
    assert TemplateVersion.objects.filter(template=own.template).count() == 3


def test_another_template_made_of_the_shipped_one_is_no_newer_version_of_it(cast: Cast) -> None:
    batch = make_batch(cast, count=1)
    shipped = manuals.step_of(batch.pk).template_version
    copy = Template.objects.create(
        company=cast.company, key="ours", title_ja="自社", title_en="Ours", copied_from=shipped
    )
    content = {name: getattr(shipped, name) for name in templates.CONTENT}
    templates.publish_version(template=copy, content={**content, "manual_ja": "別の仕事"}, by=None)
    assert manuals.newest(manuals.step_of(batch.pk)) is None
    # The company's own one in its place is.
    own = mend(make_batch(cast, count=1), cast, **MANUAL).after
    assert own.template.key == shipped.template.key
    assert manuals.newest(manuals.step_of(batch.pk)) == own


def test_an_answer_goes_into_the_newest_manual_as_well(cast: Cast) -> None:
    batch, own, newest = behind(cast)
    question = questions.ask(batch_id=batch.pk, text="ブランド名は？", by=cast.ben, now=now())
    questions.reply(question_id=question.pk, text="先頭に書く", by=cast.aya, now=now())
    made = questions.into_manual(
        question_id=question.pk, manual_ja="ブランド名は先頭", manual_en="", by=cast.aya, now=now()
    )
    assert (made.checks, made.manual_ja) == (own.checks, "ブランド名は先頭")
    assert manuals.step_of(batch.pk).template_version == made
    latest = batches.latest_version("plain", batch.store)
    assert latest.pk > made.pk
    assert latest.checks == newest.checks
    assert latest.manual_ja.startswith("5字以上")
    assert "先頭に書く" in latest.manual_ja
