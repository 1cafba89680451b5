"""Who I am, what happened, and tickets: each hears of their own."""

from django.test import override_settings

from accounts.models import ApiKey
from events.dispatcher import dispatch_once
from kernel.clock import now
from realtime.models import SocketTicket
from realtime.tickets import redeem
from tasks.domain import claim, templates
from tasks.models import Template, TemplateVersion
from tests import factories
from tests.factories import SHIPPED, Cast, make_batch
from tests.tasks.api.client import Api


def test_me(cast: Cast) -> None:
    found = Api(cast.dai, "review").get("me").ok()
    assert (found["name"], found["freelancer"], found["scopes"]) == ("Dai", False, ["read", "review"])
    assert [(one["name"], one["roles"]) for one in found["stores"]] == [("Minato", ["reviewer"])]
    freelancer = Api(cast.chie).get("me").ok()
    assert (freelancer["freelancer"], freelancer["stores"]) == (True, [])
    assert freelancer["time_zone"] == "Asia/Tokyo"


def test_templates_are_the_shipped_ones_and_ones_own(cast: Cast) -> None:
    shipped = TemplateVersion.objects.get(template__key="product-copy")
    own = Template.objects.create(company=cast.company, key="own", title_ja="自社", title_en="Own")
    content = {name: getattr(shipped, name) for name in templates.CONTENT}
    templates.publish_version(template=own, content=content, by=cast.aya)
    templates.publish_version(template=own, content={**content, "manual_en": "# New"}, by=cast.aya)
    Template.objects.create(company=cast.company, key="empty", title_ja="空", title_en="Empty")
    seen = {one["key"]: one for one in Api(cast.aya).get("templates").ok()["items"]}
    assert set(seen) == {*SHIPPED, "own"}
    assert (seen["own"]["version"], seen["own"]["manual"]["en"]) == (2, "# New")
    for other in (cast.gen, cast.chie):
        assert {one["key"] for one in Api(other).get("templates").ok()["items"]} == SHIPPED


def test_events_are_those_of_ones_own_topics(cast: Cast) -> None:
    staff, crowd = make_batch(cast), make_batch(cast, audience="crowd")
    claim.claim_next(batch_id=staff.pk, by=cast.ben, now=now())
    claim.claim_next(batch_id=crowd.pk, by=cast.chie, now=now())
    dispatch_once()
    heard = {
        name: Api(person).get("events?limit=100").ok()["events"] for name, person in cast.people().items()
    }
    claims = {
        name: {(one["data"]["batch"], one["actor"]) for one in found if one["name"] == "assignment.claimed"}
        for name, found in heard.items()
    }
    by_ben, by_chie = (staff.pk, cast.ben.pk), (crowd.pk, cast.chie.pk)
    assert claims == {
        "aya": {by_ben, by_chie},
        "dai": {by_ben, by_chie},
        "ben": {by_ben},
        "chie": {by_chie},
        # In the pool: what the board of offers shows, not who did it.
        "fumi": {(crowd.pk, None)},
        "emi": set(),
        "gen": set(),
    }
    assert not any("import" in one["data"] for one in heard["chie"] + heard["gen"])


def test_events_come_in_pages_without_gap_or_repeat(cast: Cast) -> None:
    batch, aya = make_batch(cast), Api(cast.aya)
    dispatch_once()
    everything = aya.get("events?limit=100").ok()
    walked, since = [], 0
    while True:
        page = aya.get(f"events?since={since}&limit=2").ok()
        if not page["events"]:
            break
        walked += page["events"]
        since = page["next_since"]
    assert walked == everything["events"]
    assert page["next_since"] == everything["next_since"] == since
    claim.claim_next(batch_id=batch.pk, by=cast.ben, now=now())
    assert aya.get(f"events?since={since}").ok()["events"] == []
    dispatch_once()
    assert [one["name"] for one in aya.get(f"events?since={since}").ok()["events"]] == ["assignment.claimed"]
    # A position of a log that is no more: nothing is repeated.
    assert aya.get("events?since=999999").ok() == {"events": [], "next_since": 999999}


def test_a_ticket_opens_one_socket(cast: Cast) -> None:
    found = Api(cast.ben, "read").post("socket-ticket").ok()
    assert found["path"] == f"/ws/live/?ticket={found['ticket']}"
    assert found["expires_in"] == 60
    assert found["ticket"] not in str(SocketTicket.objects.values_list())
    identity = redeem(found["ticket"])
    assert identity is not None
    assert identity.user_id == cast.ben.pk
    assert redeem(found["ticket"]) is None


@override_settings(LANGUAGE_CODE="en")
def test_a_revoked_key_opens_nothing(cast: Cast) -> None:
    api = Api(cast.aya)
    api.get("me").ok()
    ApiKey.objects.filter(user=cast.aya).update(revoked_at=now())
    assert api.get("me").code == "api_key_invalid"


def test_an_inactive_person_is_out(cast: Cast) -> None:
    api = Api(cast.ben)
    cast.ben.is_active = False
    cast.ben.save(update_fields=["is_active"])
    assert api.get("me").status == 401


def test_a_member_who_left_sees_nothing_more(cast: Cast) -> None:
    batch, dai = make_batch(cast), Api(cast.dai)
    submission = factories.make_submission(batch, cast.ben)
    dai.get(f"submissions/{submission.pk}").ok()
    cast.dai.memberships.update(until=now())
    for path in (f"submissions/{submission.pk}", f"batches/{batch.pk}", f"stores/{cast.store.pk}/batches"):
        assert dai.get(path).status == 404
    assert dai.get("reviews").ok()["items"] == []
    assert dai.post(f"submissions/{submission.pk}/approve").status == 404
