"""Templates by the API: make, write, publish, compare, carry away."""

import pytest

from tasks.models import Template, TemplateVersion, Upload
from tests.factories import Cast, picture
from tests.tasks.api.client import Api
from tests.tasks.domain.world import CONTENT

TITLES = {"title_ja": "検品", "title_en": "Inspection", "summary_ja": "", "summary_en": ""}
FULL = {**CONTENT, **TITLES}


@pytest.fixture
def aya(cast: Cast) -> Api:
    return Api(cast.aya)


def made(aya: Api, cast: Cast) -> str:
    draft = aya.post(f"stores/{cast.store.pk}/templates", {"title": "Inspection"}).ok(201)
    return f"templates/{draft['template']}"


def test_from_nothing_to_two_versions_and_what_changed(cast: Cast, aya: Api) -> None:
    path = made(aya, cast)
    draft = aya.put(f"{path}/draft", {"content": FULL, "fence": 1}).ok()
    assert (draft["fence"], draft["problems"], draft["waiting"]) == (2, [], True)
    assert aya.put(f"{path}/draft", {"content": {**FULL, "manual_ja": "x"}, "fence": 1}).code == (
        "template_draft_outdated"
    )
    sent = {"fence": 2, "note": "first"}
    version = aya.post(f"{path}/publish", sent, key="once").ok(201)
    assert aya.post(f"{path}/publish", sent, key="once").ok(201) == version
    fence = aya.get(f"{path}/draft").ok()["fence"]
    changed = {**FULL, "defaults": {"reward": 90}}
    fence = aya.put(f"{path}/draft", {"content": changed, "fence": fence}).ok()["fence"]
    aya.post(f"{path}/publish", {"fence": fence}).ok(201)
    found = aya.get(f"{path}/differences?from=1&to=2").ok()
    assert [one["text"] for one in found["changes"]] == ["Reward per answer (yen): none → 90"]
    assert [one["number"] for one in aya.get(path).ok()["versions"]] == [2, 1]
    assert "Inspection" in [one["title"]["en"] for one in aya.get("templates").ok()["items"]]


def test_what_is_wrong_names_the_place(cast: Cast, aya: Api) -> None:
    path = made(aya, cast)
    broken = {**FULL, "checklist": [{"id": "", "label": {}}]}
    draft = aya.put(f"{path}/draft", {"content": broken, "fence": 1}).ok()
    assert {one["field"] for one in draft["problems"]} == {"checklist.1"}
    refused = aya.post(f"{path}/publish", {"fence": 2})
    assert (refused.status, refused.code) == (422, "template_invalid")
    assert aya.put(f"{path}/draft", {"content": {"form": 1}, "fence": 2}).status == 422


def test_copies_files_pictures_and_trials(cast: Cast, aya: Api) -> None:
    shipped = TemplateVersion.objects.get(template__key="product-copy")
    copy = aya.post(f"stores/{cast.store.pk}/templates", {"copy_of": shipped.pk}).ok(201)
    path = f"templates/{copy['template']}"
    assert copy["problems"] == []
    aya.post(f"{path}/publish", {"fence": copy["fence"]}).ok(201)
    data = aya.get(f"{path}/file").content
    taken = Api(cast.gen).upload(f"stores/{cast.other_store.pk}/templates", data, name="t.json").ok(201)
    assert taken["content"]["form"] == shipped.form
    wrong = aya.upload(f"stores/{cast.store.pk}/templates", b"{}", name="t.json")
    assert (wrong.status, wrong.code) == (422, "template_file_invalid")
    kept = aya.upload(f"{path}/pictures", picture(), name="a.png").ok(201)
    assert Upload.objects.get(pk=kept["id"]).template_id == copy["template"]
    trial = {"form": CONTENT["form"], "check": CONTENT["checks"][1], "samples": "皿\n最安"}
    assert [one["passed"] for one in aya.post(f"{path}/try", trial).ok()["tried"]] == [True, False]


def test_archived_ones_are_not_offered(cast: Cast, aya: Api) -> None:
    path = made(aya, cast)
    aya.put(f"{path}/draft", {"content": FULL, "fence": 1}).ok()
    aya.post(f"{path}/publish", {"fence": 2}).ok(201)
    assert aya.post(f"{path}/archive").ok()["archived_at"]
    assert "inspection" not in [one["key"] for one in aya.get("templates").ok()["items"]]
    assert aya.post(f"{path}/unarchive").ok()["archived_at"] is None


def test_readers_write_nothing(cast: Cast, aya: Api) -> None:
    path = made(aya, cast)
    for person, status in ((cast.dai, 403), (cast.ben, 403), (cast.gen, 404), (cast.chie, 404)):
        assert Api(person).put(f"{path}/draft", {"content": FULL, "fence": 1}).status == status
        assert Api(person).post(f"stores/{cast.store.pk}/templates", {"title": "x"}).status == status
    assert Api(cast.aya, "read").post(f"{path}/archive").code == "scope_missing"
    shipped = Template.objects.get(key="product-copy")
    refused = aya.put(f"templates/{shipped.pk}/draft", {"content": FULL, "fence": 0})
    assert (refused.status, refused.code) == (403, "template_shipped")
