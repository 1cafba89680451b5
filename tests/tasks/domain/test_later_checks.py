"""A check found later: every answer of the company that fails it, and where each of them stands."""

from typing import Any

import pytest

from accounts.states import Role
from events.dispatcher import dispatch_once
from events.readers import run_readers
from jobs.runner import run_pending
from kernel.clock import now
from kernel.errors import Conflict, Invalid
from notify.models import Notice
from tasks.domain import (
    corrections,
    later_acts,
    later_checks,
    later_scope,
    manuals,
    queries,
    review,
    templates,
)
from tasks.domain.template_draft import current, publish_draft
from tasks.errors import Missing, RoleMissing
from tasks.models import Batch, LaterCheck, LaterFinding, Submission, Template, TemplateVersion
from tests.factories import Cast, good_answer, make_approved, make_batch, make_member, make_store, make_user
from tests.tasks.domain.world import CONTENT, hand_in, plain_batch, step_of, take

pytestmark = [pytest.mark.django_db, pytest.mark.both]
BEST = {"kind": "banned", "field": "title", "words": ["最高級"]}


def look(submission: Submission, cast: Cast, check: Any = BEST, by: Any = None) -> LaterCheck:
    made = later_checks.start(submission_id=submission.pk, check=check, by=by or cast.aya, now=now())
    while run_pending():
        pass
    return LaterCheck.objects.get(pk=made.pk)


def approved(batch: Batch, cast: Cast, text: str) -> Submission:
    answer = hand_in(take(batch, cast.ben), text)
    review.approve(submission_id=answer.pk, by=cast.dai, now=now())
    return answer


def found(later: LaterCheck) -> set[int]:
    return set(queries.visible_findings(later).values_list("submission", flat=True))


def newer(cast: Cast, *checks: dict[str, Any]) -> TemplateVersion:
    template = Template.objects.get(company=cast.company, key="plain")
    content = {**CONTENT, "checks": [*CONTENT["checks"], *checks]}
    return templates.publish_version(template=template, content=content, by=None)


def test_every_answer_of_the_work_that_fails_is_found(cast: Cast) -> None:
    first, second = plain_batch(cast, count=4), plain_batch(cast, count=3)
    bad = [approved(first, cast, "最高級の器"), hand_in(take(first, cast.ben), "最高級")]
    good = approved(first, cast, "良い器")
    bad.append(approved(second, cast, "これも最高級"))
    other = make_batch(cast, count=1)
    make_approved(other, cast.ben, cast.dai, {**good_answer(), "title": "最高級のマグカップ"})
    later = look(good, cast)
    assert (later.state, later.total, later.looked_at, later.failing) == ("done", 4, 4, 3)
    assert found(later) == {one.pk for one in bad}
    row = LaterFinding.objects.get(submission=bad[0])
    assert (row.key, row.title, row.worker, row.batch) == ("mug-1", "マグカップ 1", cast.ben, first)
    assert (row.result["code"], row.result["measured"], row.place) == ("banned", ["最高級"], "none")


def test_the_answer_as_it_is_used_is_judged(cast: Cast) -> None:
    batch = plain_batch(cast, count=3)
    mended, spoiled = (hand_in(take(batch, cast.ben), text) for text in ("最高級の器", "良い器"))
    for one, text in ((mended, "良い器です"), (spoiled, "最高級です")):
        corrections.correct_and_approve(submission_id=one.pk, answer={"title": text}, by=cast.dai, now=now())
    returned = hand_in(take(batch, cast.ben), "最高級")
    review.request_changes(submission_id=returned.pk, comments={"title": "?"}, by=cast.dai, now=now())
    again = hand_in(returned.assignment, "やはり最高級")
    assert found(look(mended, cast)) == {spoiled.pk, again.pk}


def test_rejected_work_is_never_read(cast: Cast) -> None:
    batch = plain_batch(cast, count=3)
    refused, waiting, seen = (hand_in(take(batch, cast.ben), f"最高級{n}") for n in range(3))
    review.reject(submission_id=refused.pk, reasons=["true"], by=cast.dai, now=now())
    later = look(seen, cast)
    assert (later.looked_at, found(later)) == (2, {waiting.pk, seen.pk})
    review.reject(submission_id=waiting.pk, reasons=["true"], by=cast.dai, now=now())
    assert found(later) == {seen.pk}
    with pytest.raises(Missing):
        later_checks.try_on(submission_id=refused.pk, check=BEST, by=cast.aya, now=now())


def test_other_versions_are_looked_through_if_they_have_the_field(cast: Cast) -> None:
    old = plain_batch(cast, count=1)
    first = approved(old, cast, "最高級")
    form = {**CONTENT["form"], "properties": dict(CONTENT["form"]["properties"])}
    form["properties"]["blurb"] = {"type": "string", "x-label": {"ja": "説明", "en": "Blurb"}}
    form["x-order"] = [*form["x-order"], "blurb"]
    template = Template.objects.get(company=cast.company, key="plain")
    templates.publish_version(template=template, content={**CONTENT, "form": form}, by=None)
    new = plain_batch(cast, count=1)
    second = approved(new, cast, "最高級でない")
    assert found(look(first, cast)) == {first.pk, second.pk}
    only_new = look(second, cast, {"kind": "required", "field": "blurb"})
    assert (only_new.looked_at, found(only_new)) == (1, {second.pk})


def test_a_shipped_template_and_the_copy_are_the_same_work(cast: Cast) -> None:
    shipped = make_batch(cast, count=1)
    first = make_approved(shipped, cast.ben, cast.dai)
    version = first.assignment.template_version
    own = Template.objects.create(
        company=cast.company, key="own", title_ja="自", title_en="Own", copied_from=version
    )
    content = {name: getattr(version, name) for name in templates.CONTENT}
    templates.publish_version(template=own, content={**content, "manual_ja": "新"}, by=None)
    second = make_approved(make_batch(cast, count=1, template="own"), cast.ben, cast.dai)
    check = {"kind": "length", "field": "title", "max": 3}
    assert found(look(first, cast, check)) == {first.pk, second.pk}
    assert found(look(second, cast, check)) == {first.pk, second.pk}


def test_only_the_desks_where_the_person_sits(cast: Cast) -> None:
    here = approved(plain_batch(cast, count=1), cast, "最高級")
    branch = make_store("Branch", cast.company)
    make_member(cast.aya, branch, Role.DIRECTOR)
    make_member(cast.ben, branch, Role.STAFF)
    make_member(make_user("Ken"), branch, Role.DIRECTOR)
    there_batch = plain_batch(Cast(**{**vars(cast), "store": branch}), count=1)
    there = hand_in(take(there_batch, cast.ben), "最高級です")
    assert found(look(here, cast, by=cast.dai)) == {here.pk}
    both = look(here, cast)
    assert found(both) == {here.pk, there.pk}
    seen = [
        queries.visible_later_checks(who, now()).filter(pk=both.pk).exists() for who in (cast.aya, cast.dai)
    ]
    assert seen == [True, False]
    assert not queries.visible_later_checks(cast.gen, now()).exists()
    for who in (cast.ben, cast.gen, cast.emi):
        with pytest.raises(Missing):
            later_checks.start(submission_id=here.pk, check=BEST, by=who, now=now())


@pytest.mark.parametrize(
    ("check", "code"),
    [
        ({"kind": "banned", "field": "title"}, "no_words"),
        ({"kind": "banned", "field": "nothing", "words": ["x"]}, "unknown_field"),
        ({"kind": "regex", "field": "title", "pattern": "(?=x)"}, "pattern_unsupported"),
        ({"kind": "unique_in_batch", "field": "title"}, "unknown_kind"),
        ({"kind": "magic", "field": "title"}, "unknown_kind"),
        ([], "not_an_object"),
        ("\0", "not_an_object"),
    ],
)
def test_a_check_that_cannot_be_used_is_refused_by_name(cast: Cast, check: Any, code: str) -> None:
    answer = approved(plain_batch(cast, count=1), cast, "良い")
    for act in (later_checks.try_on, later_checks.start):
        with pytest.raises(Invalid) as refused:
            act(submission_id=answer.pk, check=check, by=cast.aya, now=now())
        assert code in {problem.code for problem in refused.value.fields}
    assert not LaterCheck.objects.exists()


def test_tried_on_one_answer_it_says_at_once(cast: Cast) -> None:
    answer = approved(plain_batch(cast, count=1), cast, "最高級の器")
    result = later_checks.try_on(submission_id=answer.pk, check=BEST, by=cast.dai, now=now())
    assert (result.passed, result.measured) == (False, ["最高級"])
    assert not LaterCheck.objects.exists()


def test_checks_of_newer_versions_are_suggested(cast: Cast) -> None:
    answer = approved(plain_batch(cast, count=1), cast, "最高級の器")
    assert later_scope.suggested(loaded(answer)) == []
    renamed = {**CONTENT["checks"][0], "id": "again", "blocking": True, "label": {"en": "Other name"}}
    unique = {"id": "once", "kind": "unique_in_batch", "field": "title"}
    words = {**BEST, "id": "best", "label": {"ja": "誇大", "en": "Hype"}}
    newer(cast, words)
    version = newer(cast, words, renamed, unique)
    (one,) = later_scope.suggested(loaded(answer))
    assert (one.check.id, one.version, one.result.passed) == ("best", version, False)
    assert later_scope.suggested(loaded(approved(plain_batch(cast, count=1), cast, "良い"))) == []


def loaded(submission: Submission) -> Submission:
    return Submission.objects.select_related("assignment__step__batch__store").get(pk=submission.pk)


def test_a_run_that_was_cut_off_goes_on_behind_its_last_answer(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(later_checks, "CHUNK", 2)
    batches = [plain_batch(cast, count=5), plain_batch(cast, count=2)]
    made = [approved(batch, cast, f"最高級{n}") for batch in batches for n in range(batch.tasks.count())]
    later = later_checks.start(submission_id=made[0].pk, check=BEST, by=cast.aya, now=now())
    later_checks._begin(later.pk)
    assert later_checks._chunk(later.pk, batches[0].pk)
    half = LaterCheck.objects.get(pk=later.pk)
    assert (half.state, half.looked_at, half.failing, half.total) == ("running", 2, 2, 7)
    while run_pending():
        pass
    later_checks.run(later_check_id=later.pk)
    done = LaterCheck.objects.get(pk=later.pk)
    assert (done.state, done.looked_at, done.failing, done.total) == ("done", 7, 7, 7)
    assert LaterFinding.objects.filter(later_check=later).count() == 7


def test_a_run_that_failed_for_good_says_so(cast: Cast) -> None:
    answer = approved(plain_batch(cast, count=1), cast, "最高級")
    later = later_checks.start(submission_id=answer.pk, check=BEST, by=cast.aya, now=now())
    later_checks.give_up(later_check_id=later.pk, now=now())
    run_pending()
    later_checks.give_up(later_check_id=later.pk, now=now())
    gone = LaterCheck.objects.get(pk=later.pk)
    assert (gone.state, gone.looked_at, gone.finished_at is not None) == ("failed", 0, True)


def test_whoever_began_it_is_told(cast: Cast) -> None:
    answer = approved(plain_batch(cast, count=1), cast, "最高級")
    done = look(answer, cast, by=cast.dai)
    broken = later_checks.start(submission_id=answer.pk, check=BEST, by=cast.dai, now=now())
    later_checks.give_up(later_check_id=broken.pk, now=now())
    while dispatch_once():
        pass
    while run_readers():
        pass
    told = Notice.objects.filter(kind__startswith="later_check").order_by("pk")
    assert [(one.user, one.kind, one.path) for one in told] == [
        (cast.dai, "later_check_done", f"/checks/{done.pk}/"),
        (cast.dai, "later_check_failed", f"/checks/{broken.pk}/"),
    ]
    assert told[0].params == {"store": "Minato", "looked_at": 1, "failing": 1}


def test_not_too_many_at_once(cast: Cast) -> None:
    answer = approved(plain_batch(cast, count=1), cast, "最高級")
    for _ in range(later_checks.RUNNING_AT_MOST):
        later_checks.start(submission_id=answer.pk, check=BEST, by=cast.aya, now=now())
    with pytest.raises(Conflict) as refused:
        later_checks.start(submission_id=answer.pk, check=BEST, by=cast.aya, now=now())
    assert refused.value.code == "later_checks_running"
    run_pending()
    assert later_checks.start(submission_id=answer.pk, check=BEST, by=cast.aya, now=now())


def test_batches_that_may_be_repaired(cast: Cast) -> None:
    batch = plain_batch(cast, count=2)
    later = look(approved(batch, cast, "最高級"), cast)
    assert later_acts.repairable(later, later_acts.versions_with(later)) == []
    version = newer(cast, {**BEST, "id": "best"})
    assert later_acts.versions_with(later) == [version]
    assert later_acts.repairable(later, [version]) == [batch]
    plain_batch(cast, count=1)
    assert later_acts.repairable(later, [version]) == [batch]
    assert version in manuals.newer_versions(step_of(batch))


def test_a_batch_with_a_shipped_template_is_repaired_with_the_copy(cast: Cast) -> None:
    batch = make_batch(cast, count=2)
    later = look(
        make_approved(batch, cast.ben, cast.dai), cast, {"kind": "length", "field": "title", "max": 3}
    )
    template = later_acts.put_into_template(later_check_id=later.pk, by=cast.aya, now=now())
    fence = current(template)[1]
    publish_draft(template_id=template.pk, fence=fence, note="", by=cast.aya, now=now())
    (version,) = later_acts.versions_with(later)
    assert later_acts.repairable(later, [version]) == [batch]
    assert version in manuals.newer_versions(step_of(batch))


def test_the_check_is_put_into_the_draft_of_the_template(cast: Cast) -> None:
    later = look(approved(plain_batch(cast, count=1), cast, "最高級"), cast)
    with pytest.raises(RoleMissing):
        later_acts.put_into_template(later_check_id=later.pk, by=cast.dai, now=now())
    with pytest.raises(Missing):
        later_acts.put_into_template(later_check_id=later.pk, by=cast.gen, now=now())
    for _ in range(2):
        template = later_acts.put_into_template(later_check_id=later.pk, by=cast.aya, now=now())
    content, fence, _draft = current(template)
    assert (template.key, fence) == ("plain", 1)
    assert content["checks"][:-1] == CONTENT["checks"]
    assert content["checks"][-1] == {**BEST, "id": "banned", "blocking": True, "label": {"ja": "", "en": ""}}


def test_a_shipped_template_is_copied_once_for_it(cast: Cast) -> None:
    answer = make_approved(make_batch(cast, count=1), cast.ben, cast.dai)
    later = look(answer, cast)
    made = [later_acts.put_into_template(later_check_id=later.pk, by=cast.aya, now=now()) for _ in range(2)]
    assert made[0] == made[1]
    assert made[0].company == cast.company
    assert made[0].copied_from == answer.assignment.template_version
    assert [raw["words"] for raw in current(made[0])[0]["checks"] if raw.get("words") == ["最高級"]] == [
        ["最高級"]
    ]
