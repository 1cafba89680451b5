"""The planner page for the cast: read, typed into, refused without a loss, filtered, imported, exported."""

import html
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.states import Role
from kernel.clock import now
from tasks.domain.operations import add_operation, change_operations
from tasks.models import StoreOperation, StorePlan
from tests.factories import Cast, make_approved, make_batch, make_member, make_store
from tests.frontend.conftest import SignedIn

pytestmark = pytest.mark.django_db


def url(cast: Cast, what: str = "operations") -> str:
    return reverse(what, args=[cast.store.pk])


def fields_of(text: str) -> dict[str, str]:
    """What the browser would send of the big form if nobody typed: hidden fields and texts."""
    form = text[text.index('class="plan-form"') :]
    found = dict(
        re.findall(r'<input[^>]*? name="([^"]+)"[^>]*? value="([^"]*)"', form[: form.index("</form>")])
    )
    return {name: html.unescape(value) for name, value in found.items()}


def save(client: Client, cast: Cast, **typed: str) -> Any:
    sent = fields_of(client.get(url(cast)).content.decode())
    for name, value in typed.items():
        field, slug = name.split("__")
        sent[f"{field}.{slug.replace('_', '-')}"] = value
    return client.post(url(cast, "operations_save"), sent, follow=True)


@pytest.fixture
def aya(cast: Cast, signed_in: SignedIn) -> Client:
    return signed_in(cast.aya)


def test_the_first_look_explains_what_to_enter(cast: Cast, aya: Client) -> None:
    page = aya.get("/operations/", follow=True)
    text = page.content.decode()
    assert page.redirect_chain[-1][0] == url(cast)
    assert "Every figure here is still an estimate" in text
    assert "Order confirmation check" in text
    assert "It decides sales, and only people who know" in text
    assert text.count('scope="row"') == 45
    assert "style=" not in text[text.index("<main") :]
    assert 'href="/operations/" aria-current="page"' in text


@pytest.mark.parametrize(
    ("who", "status"), [("dai", 403), ("ben", 403), ("chie", 404), ("emi", 404), ("gen", 404)]
)
def test_it_is_for_the_directors_of_the_store(cast: Cast, signed_in: SignedIn, who: str, status: int) -> None:
    client = signed_in(getattr(cast, who))
    names = ("operations", "operations_file")
    assert [client.get(url(cast, name)).status_code for name in names] == [status] * 2
    for name in ("operations_save", "operations_add", "operations_terms", "operations_import"):
        assert client.post(url(cast, name)).status_code == status, name
        assert client.get(url(cast, name)).status_code == status, name
    assert client.get("/operations/").status_code == (302 if who == "gen" else 403)


def test_typed_figures_are_saved_and_shown(cast: Cast, aya: Client) -> None:
    answer = save(
        aya, cast, volume__new_listing="１，２００", minutes__new_listing="2.5", price__banner="4000"
    )
    assert answer.status_code == 200
    assert "2 operations saved." in answer.content.decode()
    assert answer.redirect_chain[-1][0].endswith("#op-new-listing")
    row = StoreOperation.objects.get(slug="new-listing")
    assert (row.volume, float(row.minutes or 0)) == (1200, 2.5)
    assert fields_of(answer.content.decode())["volume.new-listing"] == "1200"
    assert "Every figure here is still" not in answer.content.decode()
    assert "Nothing was changed." in save(aya, cast).content.decode()


def test_a_mistake_loses_nothing_that_was_typed(cast: Cast, aya: Client) -> None:
    answer = save(aya, cast, volume__price_update="many", minutes__new_listing="7.5", core__catch_copy="1")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert not StoreOperation.objects.exists()
    shown = fields_of(text)
    assert (shown["volume.price-update"], shown["minutes.new-listing"]) == ("many", "7.5")
    assert 'aria-describedby="wrong-volume.price-update"' in text
    assert text.count("Give a number, such as 120 or 2.5.") == 2
    chosen = text[text.index('name="core.catch-copy"') :]
    assert re.search(r'value="1" selected', chosen[: chosen.index("</select>")])
    # Put right, all of it is saved: what the page was given is still known.
    again = aya.post(url(cast, "operations_save"), {**shown, "volume.price-update": "9"}, follow=True)
    assert "2 operations saved." in again.content.decode()


def test_messages_are_in_the_readers_language(cast: Cast, signed_in: SignedIn) -> None:
    cast.aya.language = "ja"
    cast.aya.save()
    text = save(signed_in(cast.aya), cast, volume__price_update="many").content.decode()
    assert "120 や 2.5 のような数字を入れてください。" in text
    assert "保存していません" in text


def test_what_another_director_changed_meanwhile_stays(cast: Cast, aya: Client) -> None:
    sent = fields_of(aya.get(url(cast)).content.decode())
    change_operations(
        store_id=cast.store.pk,
        changes={"new-listing": {"volume": 5}, "catch-copy": {"volume": 6}},
        by=cast.aya,
        now=now(),
    )
    aya.post(url(cast, "operations_save"), {**sent, "minutes.new-listing": "3"})
    found = {row.slug: row for row in StoreOperation.objects.all()}
    assert (found["new-listing"].volume, found["new-listing"].minutes) == (5, Decimal(3))
    assert found["catch-copy"].volume == 6


@pytest.mark.parametrize("was", ["{", "[1, null]", '"x"', "[[[[" * 5000])
def test_a_bent_form_harms_nothing(cast: Cast, aya: Client, was: str) -> None:
    answer = aya.post(url(cast, "operations_save"), {"was.new-listing": was, "volume.new-listing": "x"})
    assert answer.status_code in (302, 422)
    assert aya.post(url(cast, "operations_save"), {"hide": "nothing"}).status_code == 404
    assert not StoreOperation.objects.exists()


def test_hiding_saves_what_was_typed_and_can_be_undone(cast: Cast, aya: Client) -> None:
    sent = fields_of(aya.get(url(cast)).content.decode())
    answer = aya.post(
        url(cast, "operations_save"), {**sent, "volume.banner": "9", "hide": "new-listing"}, follow=True
    )
    text = answer.content.decode()
    assert "It waits under" in text
    assert 'id="op-new-listing"' not in text
    assert StoreOperation.objects.get(slug="banner").volume == 9
    hidden = aya.get(url(cast) + "?show=hidden").content.decode()
    assert hidden.count('scope="row"') == 1
    sent = {**fields_of(hidden), "show_again": "new-listing"}
    back = aya.post(url(cast, "operations_save"), sent, follow=True)
    assert back.redirect_chain[-1][0].endswith("?show=hidden")
    assert "An operation that you hide waits here" in back.content.decode()
    assert 'id="op-new-listing"' in aya.get(url(cast)).content.decode()


def test_filters_stand_in_the_address(cast: Cast, aya: Client) -> None:
    keep = aya.get(url(cast) + "?show=keep").content.decode()
    assert keep.count('scope="row"') == 4
    assert 'id="op-marketing"' in keep
    hand_over = aya.get(url(cast) + "?show=hand-over").content.decode()
    assert hand_over.count('scope="row"') == 41
    assert aya.get(url(cast) + "?show=odd").content.decode().count('scope="row"') == 45
    wrong = {**fields_of(keep), "volume.marketing": "x"}
    again = aya.post(url(cast, "operations_save"), wrong).content.decode()
    assert again.count('scope="row"') == 4


def test_an_operation_of_ones_own(cast: Cast, aya: Client) -> None:
    raw = {"name": "", "group": "support", "core": "0", "pii": "P1", "volume": "12", "minutes": "x"}
    wrong = aya.post(url(cast, "operations_add"), raw)
    text = wrong.content.decode()
    assert wrong.status_code == 422
    assert 'name="volume" inputmode="numeric" autocomplete="off" value="12"' in text
    assert '<option value="support" selected>' in text
    assert 'id="add-minutes-error"' in text
    made = aya.post(url(cast, "operations_add"), {**raw, "name": "<b>Gift</b>", "minutes": "5"}, follow=True)
    text = made.content.decode()
    assert "&lt;b&gt;Gift&lt;/b&gt;" in text
    assert "<b>Gift</b>" not in text
    assert StoreOperation.objects.get().slug == "own-1"
    assert fields_of(text)["name.own-1"] == "<b>Gift</b>"
    save(aya, cast, name__own_1="Noshi")
    assert StoreOperation.objects.get().name == "Noshi"


def test_terms_are_saved_or_come_back_as_typed(cast: Cast, aya: Client) -> None:
    wrong = aya.post(url(cast, "operations_terms"), {"hourly_wage": "a lot", "review_percent": "15"})
    text = wrong.content.decode()
    assert wrong.status_code == 422
    assert 'value="a lot"' in text
    assert 'value="15"' in text
    aya.post(url(cast, "operations_terms"), {"hourly_wage": "1800", "review_percent": "15"})
    assert StorePlan.objects.get().hourly_wage == 1800


def test_volumes_from_a_file(cast: Cast, aya: Client) -> None:
    def take(data: str) -> Any:
        file = SimpleUploadedFile("v.csv", data.encode())
        return aya.post(url(cast, "operations_import"), {"file": file}, follow=True)

    wrong = take("業務,件数,分\n1,5,5\n99,1,1\n")
    assert wrong.status_code == 422
    assert "Row 3, column “Operation”: There is no operation “99”." in wrong.content.decode()
    assert not StoreOperation.objects.exists()
    assert "1 operation of the file saved." in take("業務,件数,分\n1,5,5\n").content.decode()
    assert StoreOperation.objects.get().volume == 5
    without = aya.post(url(cast, "operations_import"))
    assert without.status_code == 422
    assert "Choose a file." in without.content.decode()


def test_the_plan_as_a_file(cast: Cast, aya: Client) -> None:
    answer = aya.get(url(cast, "operations_file"))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    assert answer.content.decode("utf-8-sig").splitlines()[1].startswith("1,New product listing,Listing")


def test_a_row_leads_to_a_new_batch_with_its_template(cast: Cast, aya: Client) -> None:
    text = aya.get(url(cast)).content.decode()
    link = f"/batches/new/?store={cast.store.pk}&amp;template=product-copy"
    assert link in text
    wizard = aya.get(html.unescape(link)).content.decode()
    assert 'value="product-copy" checked' in wizard
    for odd in ("?template=nothing&store=999", "?template=&store=x"):
        assert 'value="product-copy" checked' in aya.get("/batches/new/" + odd).content.decode()


def test_the_wizard_begins_with_the_store_of_the_plan(cast: Cast, aya: Client) -> None:
    second = make_store("Minato 2", cast.company)
    make_member(cast.aya, second, Role.DIRECTOR)
    wizard = aya.get(f"/batches/new/?store={second.pk}&template=product-copy").content.decode()
    assert f'<option value="{second.pk}" selected>' in wizard
    assert "Minato 2" in aya.get(url(cast)).content.decode()


def test_measured_figures_say_so(cast: Cast, aya: Client) -> None:
    make_approved(make_batch(cast, audience="crowd", reward=150), cast.chie, cast.dai)
    text = aya.get(url(cast)).content.decode()
    row = text[text.index('id="op-description-copy"') :]
    row = row[: row.index("</tr>")]
    assert "1 task done here in 30 days" in row
    assert "100% approved" in row
    assert row.count("measured") == row.count("is-measured") + 2 == 4


def test_however_much_there_is_the_page_asks_as_little(cast: Cast, aya: Client) -> None:
    counted = []
    for n in range(2):
        make_approved(make_batch(cast, count=3, audience="crowd"), cast.chie, cast.dai)
        for k in range(3):
            raw = {"name": f"own {n} {k}", "group": "orders", "volume": 3}
            add_operation(store_id=cast.store.pk, raw=raw, by=cast.aya, now=now())
        with CaptureQueriesContext(connection) as asked:
            assert aya.get(url(cast)).status_code == 200
        counted.append(len(asked))
    assert counted[1] <= counted[0] <= 20


def test_every_row_keeps_what_the_page_was_given(cast: Cast, aya: Client) -> None:
    change_operations(
        store_id=cast.store.pk, changes={"banner": {"volume": 3, "pii": "P1"}}, by=cast.aya, now=now()
    )
    shown = fields_of(aya.get(url(cast)).content.decode())
    assert json.loads(shown["was.banner"]) == ["3", "", "", "", "P1", ""]
