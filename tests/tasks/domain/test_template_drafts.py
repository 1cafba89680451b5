"""Templates in the making: drafts with a fence, publishing, copies, files; who may."""

import copy
import json
from typing import Any

import pytest
from django.core.files.base import ContentFile

from kernel.clock import now
from kernel.errors import Conflict, Invalid
from tasks.domain import batches
from tasks.domain.queries import visible_templates, visible_uploads
from tasks.domain.template_draft import (
    TemplateDraftOutdated,
    TemplateMoved,
    TemplateShipped,
    current,
    discard_template_draft,
    publish_draft,
    save_template_draft,
)
from tasks.domain.template_file import FileRefused, write_file
from tasks.domain.template_make import (
    archive_template,
    copy_template,
    create_template,
    import_template,
    unarchive_template,
)
from tasks.domain.template_pictures import keep_picture
from tasks.domain.template_tryout import try_check
from tasks.domain.templates import publish_version, templates_of
from tasks.errors import Missing, RoleMissing
from tasks.models import Template, TemplateVersion, Upload
from tests.factories import SHIPPED, Cast, make_batch, picture
from tests.tasks.domain.world import CONTENT

pytestmark = pytest.mark.django_db
TITLES = {"title_ja": "検品", "title_en": "Inspection", "summary_ja": "", "summary_en": ""}
FULL = {**CONTENT, **TITLES}


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def template(cast: Cast) -> Template:
    return create_template(store_id=cast.store.pk, title="検品", by=cast.aya, now=now())


def save(template: Template, cast: Cast, content: Any, fence: int) -> int:
    saved = save_template_draft(template_id=template.pk, content=content, fence=fence, by=cast.aya, now=now())
    return saved.fence


def publish(template: Template, cast: Cast, fence: int, **more: Any) -> TemplateVersion:
    more = {"note": "", **more}
    return publish_draft(template_id=template.pk, fence=fence, by=cast.aya, now=now(), **more)


def test_a_new_template_becomes_a_version_that_batches_can_use(cast: Cast, template: Template) -> None:
    assert template not in templates_of([cast.company])
    fence = save(template, cast, FULL, 1)
    version = publish(template, cast, fence, note="first")
    assert (version.number, version.note, version.created_by) == (1, "first", cast.aya)
    assert str(Template.objects.get(pk=template.pk).title_en) == "Inspection"
    assert template in templates_of([cast.company])
    assert make_batch(cast, template=template.key).steps.get().template_version == version


def test_what_is_saved_may_be_unfinished_but_not_published(cast: Cast, template: Template) -> None:
    broken = copy.deepcopy(FULL)
    broken["form"]["properties"]["title"]["x-label"] = {"ja": "", "en": ""}
    broken["checks"][0]["field"] = "gone"
    broken["checklist"].append({"id": "", "label": {}})
    broken["defaults"] = {"reward": "many"}
    broken |= {"title_ja": " ", "title_en": ""}
    fence = save(template, cast, broken, 1)
    with pytest.raises(Invalid) as refusal:
        publish(template, cast, fence)
    places = [problem.field for problem in refusal.value.fields]
    assert places[:2] == ["title", "form.title"]
    assert {"checklist.2", "defaults.reward"} <= set(places)
    assert current(template)[0] == broken
    assert not template.versions.exists()


def test_checks_are_named_by_their_id(cast: Cast, template: Template) -> None:
    broken = copy.deepcopy(FULL)
    broken["checks"][0]["field"] = "gone"
    fence = save(template, cast, broken, 1)
    with pytest.raises(Invalid) as refusal:
        publish(template, cast, fence)
    assert [problem.field for problem in refusal.value.fields] == ["checks.short"]


def test_two_windows_do_not_overwrite_each_other(cast: Cast, template: Template) -> None:
    fence = save(template, cast, {**FULL, "manual_ja": "one"}, 1)
    # The reply was lost and the same is sent again.
    assert save(template, cast, {**FULL, "manual_ja": "one"}, 1) == fence
    with pytest.raises(TemplateDraftOutdated) as refusal:
        save(template, cast, {**FULL, "manual_ja": "two"}, 1)
    assert refusal.value.details["draft"]["manual_ja"] == "one"
    assert refusal.value.details["fence"] == fence
    assert refusal.value.details["saved_by"] == "Aya"
    assert save(template, cast, {**FULL, "manual_ja": "two"}, fence) == fence + 1


def test_a_window_from_before_a_publication_is_behind_it(cast: Cast, template: Template) -> None:
    fence = save(template, cast, FULL, 1)
    publish(template, cast, fence)
    with pytest.raises(TemplateDraftOutdated):
        save(template, cast, {**FULL, "manual_ja": "old window"}, fence)
    with pytest.raises(Conflict):
        publish(template, cast, fence + 1)


def test_a_version_published_meanwhile_is_looked_at_first(cast: Cast, template: Template) -> None:
    fence = publish_first(template, cast)
    fence = save(template, cast, {**FULL, "manual_ja": "mine"}, fence)
    publish_version(template=template, content={**CONTENT, "manual_ja": "answer to a question"}, by=cast.aya)
    with pytest.raises(TemplateMoved) as refusal:
        publish(template, cast, fence)
    assert refusal.value.details["newest"] == 2
    assert publish(template, cast, fence, newest_seen=2).number == 3


def publish_first(template: Template, cast: Cast) -> int:
    fence = save(template, cast, FULL, 1)
    publish(template, cast, fence)
    return fence + 1


def test_a_draft_can_be_thrown_away_for_the_version(cast: Cast, template: Template) -> None:
    fence = publish_first(template, cast)
    fence = save(template, cast, {**FULL, "manual_ja": "away"}, fence)
    discard_template_draft(template_id=template.pk, fence=fence, by=cast.aya, now=now())
    assert current(Template.objects.get(pk=template.pk))[0] == FULL


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        {},
        {**FULL, "more": 1},
        {**FULL, "form": []},
        {**FULL, "title_ja": 3},
        {**FULL, "manual_ja": "\x00"},
        {**FULL, "checks": ["\ud800"]},
        {**FULL, "defaults": {"reward": float("nan")}},
        {**FULL, "inputs": [[[[[[[[[[[[[[[]]]]]]]]]]]]]]]},
        {**FULL, "inputs": [0] * 60_000},
    ],
)
def test_what_is_no_template_is_no_draft(cast: Cast, template: Template, content: Any) -> None:
    with pytest.raises(Invalid):
        save(template, cast, content, 1)
    assert current(template)[1] == 1


def test_only_directors_of_the_company_edit(cast: Cast, template: Template) -> None:
    wanted: dict[str, Any] = {"template_id": template.pk, "content": FULL, "fence": 1, "now": now()}
    for colleague in (cast.ben, cast.dai):
        with pytest.raises(RoleMissing):
            save_template_draft(by=colleague, **wanted)
        assert template in visible_templates(colleague, now())
    for stranger in (cast.gen, cast.chie, cast.emi):
        with pytest.raises(Missing):
            save_template_draft(by=stranger, **wanted)
        assert template not in visible_templates(stranger, now())
    shipped = Template.objects.get(key="product-copy")
    with pytest.raises(TemplateShipped):
        save_template_draft(by=cast.aya, **{**wanted, "template_id": shipped.pk})
    with pytest.raises(RoleMissing):
        create_template(store_id=cast.store.pk, title="x", by=cast.dai, now=now())
    with pytest.raises(Missing):
        create_template(store_id=cast.store.pk, title="x", by=cast.gen, now=now())


def test_a_copy_of_a_shipped_template_has_its_own_key(cast: Cast) -> None:
    shipped = TemplateVersion.objects.get(template__key="product-copy")
    made = copy_template(store_id=cast.store.pk, version_id=shipped.pk, by=cast.aya, now=now())
    assert (made.key, made.copied_from, made.company) == ("product-copy-2", shipped, cast.company)
    content, fence, _draft = current(made)
    assert content["form"] == shipped.form
    publish(made, cast, fence)
    assert {one.key for one in templates_of([cast.company])} == {*SHIPPED, "product-copy-2"}
    with pytest.raises(Missing):
        copy_template(store_id=cast.other_store.pk, version_id=made.versions.get().pk, by=cast.gen, now=now())


def test_archived_templates_are_no_choice_for_new_batches(cast: Cast, template: Template) -> None:
    publish_first(template, cast)
    batch = make_batch(cast, template=template.key)
    archive_template(template_id=template.pk, by=cast.aya, now=now())
    assert template not in templates_of([cast.company])
    with pytest.raises(Invalid):
        batches.latest_version(template.key, cast.store)
    assert batch.steps.get().template_version.template == template
    unarchive_template(template_id=template.pk, by=cast.aya, now=now())
    assert template in templates_of([cast.company])


def with_picture(template: Template, cast: Cast) -> tuple[TemplateVersion, Upload]:
    kept = keep_picture(
        template_id=template.pk, file=ContentFile(picture(), "a.png"), name="a.png", by=cast.aya, now=now()
    )
    fence = save(template, cast, {**FULL, "manual_ja": f"見本 ![a](/uploads/{kept.pk}/)"}, 1)
    return publish(template, cast, fence), kept


def test_a_picture_of_the_manual_is_for_those_who_read_it(cast: Cast, template: Template) -> None:
    _version, kept = with_picture(template, cast)
    seen = {name for name, user in cast.people().items() if kept in visible_uploads(user, now())}
    assert seen == {"aya", "ben", "dai"}
    make_batch(cast, template=template.key, audience="crowd")
    seen = {name for name, user in cast.people().items() if kept in visible_uploads(user, now())}
    assert seen == {"aya", "ben", "dai", "chie", "fumi"}


def test_a_picture_of_something_else_keeps_a_manual_from_publication(cast: Cast, template: Template) -> None:
    other = create_template(store_id=cast.store.pk, title="other", by=cast.aya, now=now())
    _version, foreign = with_picture(other, cast)
    fence = save(template, cast, {**FULL, "manual_en": f"![a](/uploads/{foreign.pk}/)"}, 1)
    with pytest.raises(Invalid) as refusal:
        publish(template, cast, fence)
    assert [one.field for one in refusal.value.fields] == ["manual_en"]


def test_a_file_brings_everything_to_another_company(cast: Cast, template: Template) -> None:
    version, kept = with_picture(template, cast)
    made = import_template(store_id=cast.other_store.pk, data=write_file(version), by=cast.gen, now=now())
    content, _fence, _draft = current(made)
    (own,) = Upload.objects.filter(template=made)
    assert own.pk != kept.pk
    assert content["manual_ja"] == f"見本 ![a](/uploads/{own.pk}/)"
    same = [name for name in FULL if name != "manual_ja"]
    assert {name: content[name] for name in same} == {name: FULL[name] for name in same}
    copied = copy_template(store_id=cast.store.pk, version_id=version.pk, by=cast.aya, now=now())
    assert str(kept.pk) not in current(copied)[0]["manual_ja"]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"tencho_template": 2}, "tencho_template"),
        ({"evil": 1}, "evil"),
        ({"title": "x"}, "title"),
        ({"title": {"ja": "x" * 201}}, "title"),
        ({"form": {"type": "object", "properties": {"a": {"type": "object"}}}}, "form.a"),
        ({"checks": [{"id": "c", "kind": "regex", "field": "title", "pattern": "("}]}, "checks.c"),
        ({"inputs": [1]}, "inputs.1"),
        ({"checklist": 5}, "checklist"),
        ({"manual": {"ja": "![x](/uploads/1/)"}}, "manual_ja"),
        ({"pictures": {"1": "no base64!"}}, "pictures.1"),
        ({"pictures": {"1": "AAAA"}}, "pictures.1"),
        ({"pictures": {"../x": ""}}, "pictures"),
        ({"defaults": {"reward": 1e400}}, "defaults"),
        ({"inputs": None}, "inputs"),
    ],
)
def test_a_file_that_is_wrong_names_the_place(
    cast: Cast, template: Template, change: dict[str, Any], place: str
) -> None:
    publish_first(template, cast)
    raw = json.loads(write_file(template.versions.get())) | change
    with pytest.raises(FileRefused) as refusal:
        import_template(store_id=cast.store.pk, data=json.dumps(raw).encode(), by=cast.aya, now=now())
    assert place in [problem.field for problem in refusal.value.fields]
    assert Template.objects.filter(company=cast.company).count() == 1


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe", b"[]", b"{}", b"1", b"[" * 100_000, b'{"tencho_template": true}', b"1" * 9999]
)
def test_files_that_are_no_template_are_refused(cast: Cast, data: bytes) -> None:
    with pytest.raises(FileRefused):
        import_template(store_id=cast.store.pk, data=data, by=cast.aya, now=now())


def test_a_check_is_tried_line_by_line() -> None:
    form = CONTENT["form"]
    found = try_check(form=form, check=CONTENT["checks"][1], samples="良い皿\n\n最安の皿\n")
    assert [(one.sample, one.passed) for one in found] == [("良い皿", True), ("最安の皿", False)]
    unique = {"id": "u", "kind": "unique_in_batch", "field": "title"}
    assert [one.passed for one in try_check(form=form, check=unique, samples="a\nb\na")] == [
        True,
        True,
        False,
    ]
    size = {"type": "string", "x-label": {"ja": "寸法"}}
    rows = {"type": "array", "items": {"type": "object", "properties": {"size": size}}}
    inside = {"id": "w", "kind": "banned", "field": "rows.size", "words": ["大"]}
    tried = try_check(form={"properties": {"rows": rows}}, check=inside, samples="大皿\n小皿")
    assert [one.passed for one in tried] == [False, True]
    filled = {"id": "r", "kind": "required", "field": "title"}
    assert [one.passed for one in try_check(form=form, check=filled, samples="a")] == [True, False]


@pytest.mark.parametrize(
    ("form", "check"),
    [
        (CONTENT["form"], None),
        (CONTENT["form"], {"id": "c", "kind": "regex", "field": "title", "pattern": r"(a)\1"}),
        (CONTENT["form"], {"id": "c", "kind": "regex", "field": ["x"], "pattern": "a"}),
        (None, CONTENT["checks"][0]),
        ({"properties": {"title": 3}}, CONTENT["checks"][0]),
    ],
)
def test_a_check_that_cannot_run_says_why(form: Any, check: Any) -> None:
    with pytest.raises(Invalid):
        try_check(form=form, check=check, samples="a")
