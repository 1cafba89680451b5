"""Templates: a version never changes; the same content makes no second one."""

from typing import Any

import pytest

from kernel.clock import now
from kernel.errors import Invalid
from tasks.answers.manual import MAX_MANUAL
from tasks.domain import batches
from tasks.domain.templates import install_shipped, publish_version, templates_of
from tasks.models import Template, TemplateVersion
from tasks.models.template import VersionIsFrozen
from tests.factories import SHIPPED, Cast
from tests.tasks.domain.world import CONTENT, plain_batch, step_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def template(cast: Cast) -> Template:
    return Template.objects.create(company=cast.company, key="own", title_ja="自社", title_en="Own")


def test_versions_are_numbered_and_only_made_for_new_content(cast: Cast, template: Template) -> None:
    first = publish_version(template=template, content=CONTENT, by=cast.aya)
    assert publish_version(template=template, content=CONTENT, by=cast.aya) == first
    second = publish_version(template=template, content={**CONTENT, "manual_en": "Look twice."}, by=cast.aya)
    assert (first.number, second.number) == (1, 2)
    first.manual_en = "changed"
    with pytest.raises(VersionIsFrozen):
        first.save()


@pytest.mark.parametrize(
    "change",
    [
        {"form": {"type": "object", "properties": {"x": {"type": "object"}}}},
        {"form": []},
        {"checks": [{"id": "c", "kind": "regex", "field": "title", "pattern": r"(a+)+\1$"}]},
        {"checks": [{"id": "c", "kind": "length", "field": "no_such"}]},
        {"checklist": [{"id": ""}]},
        {"inputs": [{"name": "x", "kind": "script"}]},
        {"manual_ja": "あ" * (MAX_MANUAL + 1)},
    ],
)
def test_what_cannot_be_rendered_or_run_in_linear_time_is_no_version(
    cast: Cast, template: Template, change: dict[str, Any]
) -> None:
    with pytest.raises(Invalid):
        publish_version(template=template, content={**CONTENT, **change}, by=cast.aya)
    assert not template.versions.exists()


def test_a_batch_keeps_the_version_it_began_with(cast: Cast) -> None:
    batch = plain_batch(cast)
    template = step_of(batch).template_version.template
    newer = publish_version(template=template, content={**CONTENT, "manual_en": "New."}, by=cast.aya)
    assert step_of(batch).template_version != newer
    assert step_of(plain_batch(cast)).template_version == newer


def test_shipped_templates_are_installed_once(cast: Cast) -> None:
    before = TemplateVersion.objects.count()
    install_shipped()
    assert TemplateVersion.objects.count() == before
    assert {one.key for one in templates_of([])} == SHIPPED


def test_a_company_sees_its_own_templates_and_the_shipped_ones(cast: Cast, template: Template) -> None:
    # Without a version there is nothing to work with yet.
    assert {one.key for one in templates_of([cast.company])} == SHIPPED
    publish_version(template=template, content=CONTENT, by=cast.aya)
    assert {one.key for one in templates_of([cast.company])} == {*SHIPPED, "own"}
    assert {one.key for one in templates_of([cast.other_store.company])} == SHIPPED
    with pytest.raises(Invalid):
        batches.create_batch(
            store_id=cast.other_store.pk,
            terms=batches.Terms(title="x", template="own", audience="staff"),
            by=cast.gen,
            now=now(),
        )
