"""One's own notices and choices, by program."""

from kernel.clock import now
from notify.domain import notify
from notify.models import Notice
from tests.factories import Cast
from tests.tasks.api.client import Api


def tell(cast: Cast, count: int) -> None:
    for event in range(count):
        params = {"product": f"Mug {event}"}
        notify(
            event_id=event,
            user_ids=[cast.chie.pk],
            kind="rejected",
            params=params,
            path="/work/1/",
            now=now(),
        )


def test_notices_are_ones_own_and_paged(cast: Cast) -> None:
    tell(cast, 3)
    first = Api(cast.chie).get("notices?limit=2").ok()
    assert [one["text"][:7] for one in first["items"]] == ["“Mug 2”", "“Mug 1”"]
    assert first["items"][0]["read_at"] is None
    assert first["items"][0]["handed_over_at"] is None
    assert len(Api(cast.chie).get(first["next"]).ok()["items"]) == 1
    assert Api(cast.fumi).get("notices").ok()["items"] == []


def test_reading_one_or_all(cast: Cast) -> None:
    tell(cast, 3)
    one = Notice.objects.order_by("pk")[0].pk
    assert Api(cast.fumi).post("notices/read", {"notice": one}).status == 404
    assert Api(cast.chie).post("notices/read", {"notice": one}, key="k").ok() == {"read": 1}
    assert Api(cast.chie).post("notices/read", {"notice": one}, key="k").ok() == {"read": 1}
    assert len(Api(cast.chie).get("notices?unread=1").ok()["items"]) == 2
    assert Api(cast.chie).post("notices/read").ok() == {"read": 2}
    assert Api(cast.chie).get("notices?unread=yes").fields == {"unread": "unknown"}


def test_preferences_are_read_and_set(cast: Cast) -> None:
    chie = Api(cast.chie)
    kinds = {one["kind"]: one for one in chie.get("notice-preferences").ok()["kinds"]}
    assert kinds["approved"]["email"] == "daily"
    assert kinds["changes_requested"]["choices"] == ["now", "daily"]
    assert "mail_refused" not in kinds
    found = chie.put("notice-preferences", {"email": {"approved": "off"}}).ok()["kinds"]
    assert {one["kind"]: one["email"] for one in found}["approved"] == "off"
    for email, code in (({"changes_requested": "off"}, "unknown"), ({"nothing": "now"}, "unknown_field")):
        refused = chie.put("notice-preferences", {"email": email})
        assert (refused.status, list(refused.fields.values())) == (422, [code])
    assert chie.put("notice-preferences", {}).status == 422
