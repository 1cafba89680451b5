"""The pages of templates: who gets in, what the list says, what the script's addresses answer."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kernel.clock import now
from tasks.domain.template_draft import current, publish_draft, save_template_draft
from tasks.domain.template_file import write_file
from tasks.domain.template_make import create_template
from tasks.models import Template, TemplateDraft, TemplateVersion, Upload
from tests.factories import make_batch, picture
from tests.tasks.domain.world import CONTENT

pytestmark = pytest.mark.django_db
TITLES = {"title_ja": "検品", "title_en": "Inspection", "summary_ja": "", "summary_en": ""}
FULL = {**CONTENT, **TITLES}


@pytest.fixture
def template(cast, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return create_template(store_id=cast.store.pk, title="検品", by=cast.aya, now=now())


def save(cast, template, content, fence):
    return save_template_draft(
        template_id=template.pk, content=content, fence=fence, by=cast.aya, now=now()
    ).fence


def publish(cast, template, content=None, fence=1, note=""):
    fence = save(cast, template, content or FULL, fence)
    return publish_draft(template_id=template.pk, fence=fence, note=note, by=cast.aya, now=now())


def send(client, path, **body):
    return client.post(path, json.dumps(body), content_type="application/json")


def test_a_director_begins_with_a_name(cast, signed_in):
    answer = signed_in(cast.aya).post("/templates/new/", {"title": "写真の検品"})
    made = Template.objects.get(company=cast.company)
    assert answer["Location"] == f"/templates/{made.pk}/edit/"
    assert signed_in(cast.aya).get(answer["Location"]).status_code == 200
    assert signed_in(cast.aya).post("/templates/new/", {"title": " "}).status_code == 422


def test_the_list_tells_versions_drafts_and_use(cast, signed_in, template):
    make_batch(cast, template=publish(cast, template).template.key)
    save(cast, template, {**FULL, "manual_ja": "x"}, 3)
    text = signed_in(cast.aya).get("/templates/").content.decode()
    for words in ("Inspection", "Version 1", "Draft waiting", "1 batch", "Product copy"):
        assert words in text
    for stranger in (cast.gen, cast.chie):
        assert "Inspection" not in signed_in(stranger).get("/templates/").content.decode()


def test_the_list_asks_as_little_for_many_as_for_one(cast, signed_in, template):
    client = signed_in(cast.aya)
    client.get("/templates/")
    counts = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as asked:
            client.get("/templates/")
        counts.append(len(asked))
        for number in range(5):
            create_template(store_id=cast.store.pk, title=f"T {number}", by=cast.aya, now=now())
    assert counts[0] == counts[1]


def test_a_template_put_away_is_found_in_its_tab(cast, signed_in, template):
    client = signed_in(cast.aya)
    client.post(f"/templates/{template.pk}/archive/")
    assert "検品" not in client.get("/templates/").content.decode()
    assert "検品" in client.get("/templates/?show=archived").content.decode()
    client.post(f"/templates/{template.pk}/unarchive/")
    assert "検品" in client.get("/templates/").content.decode()


def test_reviewers_and_staff_read_and_do_not_edit(cast, signed_in, template):
    publish(cast, template)
    for person in (cast.dai, cast.ben):
        client = signed_in(person)
        assert client.get(f"/templates/{template.pk}/").status_code == 200
        assert client.get(f"/templates/{template.pk}/edit/").status_code == 403
        assert send(client, f"/templates/{template.pk}/draft/", content=FULL, fence=1).status_code == 403
    shipped = Template.objects.get(key="product-copy")
    assert signed_in(cast.aya).get(f"/templates/{shipped.pk}/edit/").status_code == 403


def test_the_draft_is_kept_and_an_older_window_told(cast, signed_in, template):
    client, path = signed_in(cast.aya), f"/templates/{template.pk}/draft/"
    saved = send(client, path, content=FULL, fence=1)
    assert (saved.status_code, saved.json()["fence"], saved.json()["problems"]) == (200, 2, [])
    refused = send(client, path, content={**FULL, "manual_ja": "mine"}, fence=1)
    assert (refused.status_code, refused.json()["code"]) == (409, "template_draft_outdated")
    assert refused.json()["draft"]["manual_ja"] == FULL["manual_ja"]
    for odd in ({}, {"content": [], "fence": 1}, {"content": FULL, "fence": True}):
        assert send(client, path, **odd).status_code == 422
    assert client.post(path, "[" * 9999, content_type="application/json").status_code == 422


def test_what_is_wrong_comes_with_its_place(cast, signed_in, template):
    broken = {**FULL, "checks": [{"id": "c", "kind": "length", "field": "gone", "max": 3}]}
    answer = send(signed_in(cast.aya), f"/templates/{template.pk}/draft/", content=broken, fence=1)
    assert [one["place"] for one in answer.json()["problems"]] == ["checks.c"]
    refused = send(signed_in(cast.aya), f"/templates/{template.pk}/publish/", fence=2, note="", newest=0)
    assert refused.status_code == 422
    assert refused.json()["fields"][0]["field"] == "checks.c"


def test_publishing_leads_to_the_versions(cast, signed_in, template):
    fence = save(cast, template, FULL, 1)
    answer = send(
        signed_in(cast.aya), f"/templates/{template.pk}/publish/", fence=fence, note="new", newest=0
    )
    assert answer.json()["url"] == f"/templates/{template.pk}/"
    assert TemplateVersion.objects.get(template=template).note == "new"


def test_what_changed_is_read_in_both_languages(cast, signed_in, template):
    publish(cast, template)
    form = json.loads(json.dumps(FULL["form"]))
    form["properties"]["title"]["maxLength"] = 60
    publish(cast, template, {**FULL, "form": form, "manual_en": "Look twice."}, fence=3, note="longer")
    text = signed_in(cast.aya).get(f"/templates/{template.pk}/").content.decode()
    assert "“Title”: at most none → 60 characters" in text
    assert "Look twice." in text
    assert "longer" in text
    cast.aya.language = "ja"
    cast.aya.save()
    text = signed_in(cast.aya).get(f"/templates/{template.pk}/?from=1&to=2").content.decode()
    assert "「商品名」の上限 なし → 60 文字" in text
    assert signed_in(cast.aya).get(f"/templates/{template.pk}/?from=x&to=99999999999").status_code == 200


def test_the_preview_is_what_a_worker_sees(cast, signed_in, template):
    batch = make_batch(cast)
    task = batch.tasks.order_by("pk")[0]
    path = f"/templates/{template.pk}/preview/"
    content = {**FULL, "manual_ja": "# 手順", "manual_en": "# Steps <script>"}
    seen = send(signed_in(cast.aya), path, content=content, language="en", task=task.pk).content.decode()
    assert "マグカップ" in seen
    assert "Steps" in seen
    assert 'name="answer-title"' in seen
    assert "<script>" not in seen
    assert (
        "手順"
        in send(signed_in(cast.aya), path, content=content, language="ja", task=task.pk).content.decode()
    )
    sample = '{"title": "皿", "images": ["https://x.example/a.jpg"], "options": {"色": ["白"]}}'
    assert (
        "皿"
        in send(signed_in(cast.aya), path, content=content, language="ja", sample=sample).content.decode()
    )
    for odd in ("[]", "{", '"\\ud800"', "[" * 5000):
        assert send(signed_in(cast.aya), path, content=content, language="ja", sample=odd).status_code == 422


def test_a_preview_shows_no_product_of_others(cast, signed_in, template):
    task = make_batch(cast).tasks.order_by("pk")[0]
    theirs = create_template(store_id=cast.other_store.pk, title="x", by=cast.gen, now=now())
    body = {"content": FULL, "language": "ja", "task": task.pk}
    assert (
        "マグカップ"
        not in send(signed_in(cast.gen), f"/templates/{theirs.pk}/preview/", **body).content.decode()
    )


def test_an_unfinished_form_has_a_preview_that_says_so(cast, signed_in, template):
    broken = {**FULL, "form": {"type": "object", "properties": {}}}
    answer = send(signed_in(cast.aya), f"/templates/{template.pk}/preview/", content=broken, language="en")
    assert answer.status_code == 200
    assert "A form needs at least one field." in answer.content.decode()


def test_a_field_without_a_label_yet_is_seen_in_the_preview(cast, signed_in, template):
    form = {"type": "object", "properties": {"colour": {"type": "string", "x-label": {"ja": "", "en": ""}}}}
    answer = send(
        signed_in(cast.aya),
        f"/templates/{template.pk}/preview/",
        content={**FULL, "form": form, "checks": []},
        language="en",
    )
    assert "(without a name)" in answer.content.decode()
    assert 'name="answer-colour"' in answer.content.decode()


def test_a_check_is_tried_on_samples(cast, signed_in, template):
    body = {"form": FULL["form"], "check": FULL["checks"][1], "samples": "皿\n最安の皿"}
    text = send(signed_in(cast.aya), f"/templates/{template.pk}/try/", **body).content.decode()
    assert text.count("passes") == 1
    assert text.count("is caught") == 1
    body["check"] = {**FULL["checks"][1], "words": []}
    assert send(signed_in(cast.aya), f"/templates/{template.pk}/try/", **body).status_code == 422


def test_a_picture_comes_with_the_text_that_shows_it(cast, signed_in, template):
    file = SimpleUploadedFile("見本 [1].png", picture(), "image/png")
    answer = signed_in(cast.aya).post(f"/templates/{template.pk}/pictures/", {"file": file})
    kept = Upload.objects.get(template=template)
    assert answer.json()["markdown"] == f"![見本 1](/uploads/{kept.pk}/)"
    assert signed_in(cast.dai).get(f"/uploads/{kept.pk}/").status_code == 200
    assert signed_in(cast.gen).get(f"/uploads/{kept.pk}/").status_code == 404
    bad = SimpleUploadedFile("a.svg", b"<svg/>", "image/svg+xml")
    assert signed_in(cast.aya).post(f"/templates/{template.pk}/pictures/", {"file": bad}).status_code == 422
    assert signed_in(cast.aya).post(f"/templates/{template.pk}/pictures/").status_code == 422


def test_a_template_travels_as_a_file(cast, signed_in, template):
    publish(cast, template)
    file = signed_in(cast.aya).get(f"/templates/{template.pk}/file/")
    assert file["Content-Disposition"].startswith("attachment")
    sent = SimpleUploadedFile("t.json", file.content, "application/json")
    answer = signed_in(cast.gen).post("/templates/import/", {"file": sent})
    made = Template.objects.get(company=cast.other_store.company)
    assert answer["Location"] == f"/templates/{made.pk}/edit/"
    assert current(made)[0] == FULL


def test_a_wrong_file_says_where(cast, signed_in, template):
    raw = json.loads(write_file(publish(cast, template))) | {"inputs": [1]}
    sent = SimpleUploadedFile("t.json", json.dumps(raw).encode(), "application/json")
    answer = signed_in(cast.aya).post("/templates/import/", {"file": sent})
    assert answer.status_code == 422
    assert "inputs.1" in answer.content.decode()


def test_a_copy_of_a_shipped_template(cast, signed_in):
    shipped = TemplateVersion.objects.get(template__key="product-copy")
    answer = signed_in(cast.aya).post(f"/templates/versions/{shipped.pk}/copy/")
    made = Template.objects.get(company=cast.company)
    assert answer["Location"] == f"/templates/{made.pk}/edit/"
    assert made.copied_from == shipped


def test_changes_can_be_thrown_away(cast, signed_in, template):
    publish(cast, template)
    save(cast, template, {**FULL, "manual_ja": "away"}, 3)
    signed_in(cast.aya).post(f"/templates/{template.pk}/discard/")
    assert TemplateDraft.objects.get(template=template).content == {}


def test_the_wizard_offers_own_templates_by_name(cast, signed_in, template):
    publish(cast, template)
    assert "Inspection" in signed_in(cast.aya).get("/batches/new/").content.decode()
