"""The first page of a batch: work is chosen among areas, without JavaScript."""

import re

import pytest
from django.test import Client

from kernel.clock import now
from tasks.domain.template_make import copy_template
from tasks.domain.templates import CONTENT, publish_version
from tasks.models import TemplateVersion
from tests.factories import SHIPPED

pytestmark = pytest.mark.django_db


def page(client: Client) -> str:
    return client.get("/batches/new/").content.decode()


def groups_of(html: str) -> list[tuple[bool, list[str]]]:
    """Of each area whether it is open, and the keys inside."""
    found = re.findall(r'<details class="choice-group"( open)?>(.*?)</details>', html, re.S)
    return [
        (bool(is_open), re.findall(r'name="template" value="([^"]+)"', inside)) for is_open, inside in found
    ]


def test_every_template_is_in_one_area_and_the_first_is_chosen(cast, signed_in):
    html = page(signed_in(cast.aya))
    groups = groups_of(html)
    keys = [key for _is_open, inside in groups for key in inside]
    assert sorted(keys) == sorted(SHIPPED)
    assert [is_open for is_open, _keys in groups] == [True, False, False, False, False]
    assert re.findall(r'value="([^"]+)" checked', html) == ["product-copy"]


def test_the_shops_own_stand_first(cast, signed_in):
    shipped = TemplateVersion.objects.get(template__key="stock-update")
    own = copy_template(store_id=cast.store.pk, version_id=shipped.pk, by=cast.aya, now=now())
    content = {name: getattr(shipped, name) for name in CONTENT}
    publish_version(template=own, content=content, by=cast.aya)
    html = page(signed_in(cast.aya))
    assert groups_of(html)[0] == (True, [own.key])
    assert re.findall(r'value="([^"]+)" checked', html) == [own.key]


def test_a_choice_stays_and_its_area_is_open(cast, signed_in):
    sent = {"store": cast.store.pk, "template": "stock-update", "title": ""}
    html = signed_in(cast.aya).post("/batches/new/", sent).content.decode()
    assert re.findall(r'value="([^"]+)" checked', html) == ["stock-update"]
    assert [is_open for is_open, inside in groups_of(html) if "stock-update" in inside] == [True]
