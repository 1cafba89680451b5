"""Checks found later by the API."""

import pytest

from jobs.runner import run_pending
from tasks.domain import templates
from tasks.models import Template
from tests.factories import Cast
from tests.tasks.api.client import Api
from tests.tasks.domain.test_later_checks import approved
from tests.tasks.domain.world import CONTENT, plain_batch, release

pytestmark = pytest.mark.django_db
BEST = {"kind": "banned", "field": "title", "words": ["最高級"]}


def finish() -> None:
    while run_pending():
        pass


def test_from_one_answer_to_the_file_that_takes_back(cast: Cast) -> None:
    director, stranger = Api(cast.aya), Api(cast.gen)
    batch = plain_batch(cast, count=3)
    bad, good, other = (approved(batch, cast, text) for text in ("最高級の器", "良い器", "最高級"))
    made, _data = release(batch, "update")
    director.post(f"results/{made.pk}/uploaded")
    where = f"submissions/{bad.pk}/later-checks"
    tried = director.post(f"{where}/try", {"check": BEST}).json
    assert (tried["passed"], tried["code"], tried["measured"]) == (False, "banned", ["最高級"])
    started = director.post(where, {"check": BEST})
    assert (started.status, started.json["state"]) == (202, "queued")
    finish()
    later = f"later-checks/{started.json['id']}"
    found = director.get(later).json
    assert (found["state"], found["looked_at"], found["failing"], found["uploaded"]) == ("done", 3, 2, 2)
    assert director.get("later-checks").json["items"] == [found]
    assert director.get(f"later-checks?template={found['template'] + 1000}").json["items"] == []
    rows = director.get(f"{later}/findings?limit=1").json
    (row,) = rows["items"]
    assert (row["submission"], row["place"], row["worker"]["name"]) == (bad.pk, "uploaded", "Ben")
    assert row["found"]["message"] == "This holds words that must not be used: 最高級."
    assert director.get(rows["next"].removeprefix("/api/v1/")).json["items"][0]["submission"] == other.pk
    assert director.get(f"{later}/findings?place=file").json["items"] == []
    assert director.get(f"{later}/findings?worker={cast.aya.pk}").json["items"] == []
    assert director.get(f"{later}/findings?place=odd").status == 422
    (held,) = director.get(f"{later}/results").json["items"]
    assert (held["result"], held["answers"], held["restored_by"]) == (made.pk, 2, [])
    asked = {"format": "restore", "restores": made.pk, "later_check": found["id"]}
    back = director.post(f"batches/{batch.pk}/results", asked)
    assert (back.status, back.json["later_check"], back.json["answers_only"]) == (202, found["id"], None)
    finish()
    cells = director.get(f"results/{back.json['id']}/cells").json["items"]
    assert [cell["submission"] for cell in cells] == [bad.pk, other.pk]
    assert director.get(f"{later}/results").json["items"][0]["restored_by"] == [back.json["id"]]
    one = director.post(
        f"batches/{batch.pk}/results", {"format": "restore", "restores": made.pk, "answers": [good.pk]}
    )
    assert (one.status, one.json["answers_only"]) == (202, [good.pk])
    wrong = director.post(f"batches/{batch.pk}/results", {"format": "update", "answers": [good.pk]})
    assert (wrong.status, wrong.json["fields"][0]["field"]) == (422, "answers")
    for path in (later, f"{later}/findings", f"{later}/results", where):
        assert stranger.get(path).status == 404


def test_a_check_that_cannot_be_used_names_why(cast: Cast) -> None:
    director = Api(cast.aya)
    answer = approved(plain_batch(cast, count=1), cast, "良い器")
    refused = director.post(
        f"submissions/{answer.pk}/later-checks", {"check": {"kind": "banned", "field": "title"}}
    )
    assert (refused.status, refused.json["code"]) == (422, "checks_invalid")
    assert refused.json["fields"][0]["code"] == "no_words"
    assert director.post(f"submissions/{answer.pk}/later-checks", {}).status == 422


def test_checks_of_newer_versions_and_the_way_into_the_template(cast: Cast) -> None:
    director, reviewer = Api(cast.aya), Api(cast.dai)
    answer = approved(plain_batch(cast, count=1), cast, "最高級の器")
    template = Template.objects.get(company=cast.company, key="plain")
    where = f"submissions/{answer.pk}/later-checks"
    assert reviewer.get(where).json == {"items": []}
    started = reviewer.post(where, {"check": BEST}).json
    finish()
    assert reviewer.post(f"later-checks/{started['id']}/into-template").status == 403
    put = director.post(f"later-checks/{started['id']}/into-template")
    assert (put.status, put.json) == (200, {"template": template.pk})
    draft = director.get(f"templates/{template.pk}/draft").json
    assert draft["content"]["checks"][-1]["words"] == ["最高級"]
    checks = [*CONTENT["checks"], {**BEST, "id": "best"}]
    version = templates.publish_version(template=template, content={**CONTENT, "checks": checks}, by=None)
    (one,) = reviewer.get(where).json["items"]
    assert (one["version"], one["check"]["id"], one["found"]["passed"]) == (version.pk, "best", False)
    assert reviewer.post(where, {"check": one["check"]}).status == 202
