import pytest
from django.core.files.base import ContentFile
from django.test import RequestFactory

from tasks import files
from tasks.errors import Missing
from tasks.models import Release

BODY = b"0123456789"


@pytest.fixture
def stored(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    release = Release()
    release.file.save("a.csv", ContentFile(BODY), save=False)
    return release.file


def ask(stored, **headers):
    request = RequestFactory().get("/", headers=headers)
    return files.ranged_response(request, stored, "answers.csv", "text/csv")


def test_whole_file(stored):
    answer = ask(stored)
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content) == BODY
    assert answer["Content-Length"] == "10"
    assert answer["Accept-Ranges"] == "bytes"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"] == 'attachment; filename="answers.csv"'
    assert "private" in answer["Cache-Control"]


@pytest.mark.parametrize(
    ("asked", "body", "content_range"),
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=4-", b"456789", "bytes 4-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-99", BODY, "bytes 0-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
    ],
)
def test_part(stored, asked, body, content_range):
    answer = ask(stored, range=asked)
    assert (answer.status_code, answer.content, answer["Content-Range"]) == (206, body, content_range)


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=99-100", "bytes=5-2", "bytes=-0"])
def test_part_that_is_not_there(stored, asked):
    answer = ask(stored, range=asked)
    assert (answer.status_code, answer["Content-Range"]) == (416, "bytes */10")


@pytest.mark.parametrize("asked", ["bytes=-", "bytes=0-1,3-4", "lines=1-2", "bytes=a-b"])
def test_what_is_no_single_range_gets_the_whole(stored, asked):
    assert ask(stored, range=asked).status_code == 200


def test_part_is_at_most_so_long(stored, monkeypatch):
    monkeypatch.setattr(files, "PART_BYTES", 4)
    answer = ask(stored, range="bytes=2-")
    assert (answer.content, answer["Content-Range"]) == (b"2345", "bytes 2-5/10")


def test_part_of_another_file_than_the_one_begun_is_not_given(stored):
    tag = ask(stored)["ETag"]
    assert ask(stored, range="bytes=2-", if_range=tag).status_code == 206
    assert ask(stored, range="bytes=2-", if_range='"other"').status_code == 200


def test_file_that_is_gone(stored):
    stored.storage.delete(stored.name)
    with pytest.raises(Missing):
        ask(stored)
