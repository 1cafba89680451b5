from kernel.clock import now
from tasks.domain import review
from tasks.models import Assignment, Review, Task
from tests.factories import Cast, good_answer, make_approved, make_batch, make_submission
from tests.frontend.batches.steps import let_silence_approve
from tests.frontend.conftest import SignedIn


def test_list_of_one_state_is_paged(cast: Cast, signed_in: SignedIn):
    batch = make_batch(cast, count=60)
    client = signed_in(cast.aya)
    first = client.get(f"/batches/{batch.pk}/tasks/?state=open")
    assert [card.position for card in first.context["cards"]] == list(range(1, 51))
    rest = client.get(f"/batches/{batch.pk}/tasks/", {"state": "open", "after": first.context["next"]})
    assert [card.position for card in rest.context["cards"]] == list(range(51, 61))
    assert client.get(f"/batches/{batch.pk}/tasks/?state=done").context["cards"] == []
    assert client.get(f"/batches/{batch.pk}/tasks/?state=nonsense").context["state"] == "open"


def test_silent_approvals_are_accepted_one_by_one_or_all_at_once(cast: Cast, signed_in: SignedIn):
    batch = make_batch(cast)
    submissions = [make_submission(batch, cast.ben) for _n in range(3)]
    let_silence_approve(*submissions)
    client = signed_in(cast.aya)
    assert client.get(f"/batches/{batch.pk}/?show=unseen")["Location"].endswith("/tasks/?show=unseen")
    page = client.get(f"/batches/{batch.pk}/tasks/?show=unseen")
    assert [line["submission"] for line in page.context["lines"]] == submissions
    client.post(f"/batches/{batch.pk}/accept/", {"submission": submissions[0].pk})
    assert Assignment.objects.filter(use="used").count() == 1
    both = [str(submission.pk) for submission in submissions[1:]]
    answer = client.post(f"/batches/{batch.pk}/accept/", {"submission": both}, follow=True)
    assert "2 answers accepted for use." in answer.content.decode()
    assert Assignment.objects.filter(use="used").count() == 3
    assert Review.objects.filter(decision="accepted", reviewer=cast.aya).count() == 3


def test_accepting_says_what_could_not_be(cast: Cast, signed_in: SignedIn):
    batch = make_batch(cast)
    waiting = make_submission(batch, cast.ben)
    client = signed_in(cast.aya)
    answer = client.post(
        f"/batches/{batch.pk}/accept/", {"submission": [waiting.pk, "x", "9" * 30]}, follow=True
    )
    assert "This cannot be done in the present state." in answer.content.decode()
    assert not Assignment.objects.filter(use="used").exists()


def test_accepting_reaches_only_the_batch_named(cast: Cast, signed_in: SignedIn):
    batch, other = make_batch(cast), make_batch(cast, title="Other")
    foreign = make_submission(other, cast.ben)
    let_silence_approve(foreign)
    signed_in(cast.aya).post(f"/batches/{batch.pk}/accept/", {"submission": foreign.pk})
    assert Assignment.objects.get(pk=foreign.assignment_id).use == "unseen"


def test_accepting_never_sends_elsewhere(cast: Cast, signed_in: SignedIn):
    batch = make_batch(cast)
    answer = signed_in(cast.aya).post(f"/batches/{batch.pk}/accept/", {"next": "https://example.org/"})
    assert answer["Location"] == f"/batches/{batch.pk}/tasks/?show=unseen"


def test_one_of_several_answers_is_chosen(cast: Cast, signed_in: SignedIn):
    batch = make_batch(cast, count=1, audience="crowd", answers_per_task=2)
    first = make_approved(batch, cast.chie, cast.dai, good_answer(1))
    second = make_approved(batch, cast.fumi, cast.dai, good_answer(2))
    task = Task.objects.get()
    client = signed_in(cast.aya)
    path = f"/tasks/{task.pk}/"
    assert client.get(f"/batches/{batch.pk}/tasks/?show=choose").context["cards"][0].task_id == task.pk
    assert "Several answers are approved" in client.get(path).content.decode()
    for chosen in (first, second):
        answer = client.post(f"/batches/{batch.pk}/accept/", {"submission": chosen.pk, "next": path})
        assert answer["Location"] == path
        assert Assignment.objects.get(use="used").pk == chosen.assignment_id
    assert client.get(f"/batches/{batch.pk}/tasks/?show=choose").context["cards"] == []


def test_task_page_shows_rounds_comments_and_the_way_to_the_desk(cast: Cast, signed_in: SignedIn):
    batch = make_batch(cast)
    submission = make_submission(batch, cast.ben)
    review.request_changes(
        submission_id=submission.pk, comments={"title": "Name the brand"}, by=cast.dai, now=now()
    )
    waiting = make_submission(batch, cast.ben)
    client = signed_in(cast.aya)
    page = client.get(f"/tasks/{submission.assignment.task_id}/").content.decode()
    assert "Name the brand" in page
    assert submission.answer["title"] in page
    assert "Decide at the review desk" in client.get(f"/tasks/{waiting.assignment.task_id}/").content.decode()


def test_content_of_rejected_work_is_not_shown(cast: Cast, signed_in: SignedIn):
    batch = make_batch(cast)
    submission = make_submission(batch, cast.ben)
    cited = next(iter(review.citable(submission.assignment, submission)))
    review.reject(submission_id=submission.pk, reasons=[cited], by=cast.dai, now=now(), note="Too short")
    for path in ("", "answers/"):
        page = signed_in(cast.aya).get(f"/tasks/{submission.assignment.task_id}/{path}").content.decode()
        assert "Too short" in page
        assert "its content cannot be read any more" in page
        for value in submission.answer.values():
            assert value not in page


def test_task_of_a_reading_that_has_not_landed_is_not_there(cast: Cast, signed_in: SignedIn):
    batch = make_batch(cast, publish=False)
    task = Task.objects.filter(batch=batch).select_related("unit__source").first()
    assert task is not None
    assert signed_in(cast.aya).get(f"/tasks/{task.pk}/").status_code == 200
    type(task.unit.source).objects.filter(pk=task.unit.source_id).update(state="running")
    assert signed_in(cast.aya).get(f"/tasks/{task.pk}/").status_code == 404
