from django.utils.translation import override

from notify.texts import TEXTS, words
from tests import messages


def test_every_text_of_the_program_is_in_japanese():
    known = messages.known()
    missing = [f"{m.where}: {m.text!r}" for m in messages.wanted() if (m.context, m.text) not in known]
    # Django's own catalogue translates a few shared words.
    assert not missing, "\n".join(missing)


def test_one_text_has_one_translation():
    """The catalogues are one at run time: of two translations the reader would meet either."""
    found: dict[tuple[str, str], set[str]] = {}
    for entry in messages.entries():
        words_ = entry.msgstr or "/".join(entry.msgstr_plural.values())
        found.setdefault((entry.msgctxt or "", entry.msgid), set()).add(words_)
    assert not {key: each for key, each in found.items() if len(each) > 1}


def test_placeholders_survive_translation():
    import re

    placeholder = re.compile(r"%\((\w+)\)[sd]")
    wrong = []
    for (context, text), entry in messages.known().items():
        translated = [entry.msgstr, *entry.msgstr_plural.values()]
        for words_ in filter(None, translated):
            if not set(placeholder.findall(words_)) <= set(
                placeholder.findall(text + (entry.msgid_plural or ""))
            ):
                wrong.append((context, text, words_))
    assert not wrong


def test_notices_are_worded_in_both_languages():
    params = {"product": "湯のみ", "batch": "発注", "percent": 80}
    for kind in TEXTS:
        with override("ja"):
            japanese = words(kind, params)
        with override("en"):
            english = words(kind, params)
        assert japanese != english
        assert "%" not in japanese.replace("80%", "")
