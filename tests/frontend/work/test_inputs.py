from django.test import override_settings

from frontend.work.inputs import describe_inputs, picture
from tasks.models import TemplateVersion, Unit
from tasks.shipped import load_shipped


def shown(values):
    version = TemplateVersion(inputs=load_shipped()[0].inputs)
    return {entry.name: entry for entry in describe_inputs(version, Unit(values=values))}


def test_values_are_shown_as_their_kind_wants():
    entries = shown(
        {
            "title": "マグ",
            "price": "1980.00",
            "tags": "食器, ギフト、白",
            "variants": [{"options": [["色", "白"], ["サイズ", "大"]]}, {"options": [["色", "黒"]]}],
        }
    )
    assert entries["price"].text == "¥1,980"
    assert entries["tags"].entries == ("食器", "ギフト", "白")
    assert [(o.name, o.values) for o in entries["options"].options] == [
        ("色", ("白", "黒")),
        ("サイズ", ("大",)),
    ]
    assert entries["vendor"].is_empty


def test_description_keeps_its_form_but_no_script_picture_or_heading():
    html = '<h2>特徴</h2><p onclick="x()">白い<script>x()</script><img src="https://cdn.example/a.jpg"></p>'
    assert shown({"description": html})["description"].html == "<p>特徴</p><p>白い</p>"


def test_odd_price_is_shown_as_it_stands():
    for text in ("1980.50", "時価", "NaN", "1e999999"):
        assert shown({"price": text})["price"].text == text


@override_settings(ORIGIN="https://tencho.example")
def test_only_our_own_pictures_are_called():
    for url in ("/uploads/7/", "https://tencho.example/uploads/7/"):
        assert picture(url, "").src == "/uploads/7/"
    for url in (
        "https://cdn.example/a.jpg",
        "//cdn.example/a.jpg",
        "/\\cdn.example/a.jpg",
        "javascript:x",
        "http://[x",
    ):
        assert picture(url, "").src == ""
    assert picture("https://cdn.example/a.jpg", "").url == "https://cdn.example/a.jpg"
    assert picture("javascript:alert(1)", "").url == ""
