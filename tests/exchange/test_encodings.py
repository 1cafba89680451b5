"""Which encoding a file has, and which characters one lacks."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.encodings import CP932, EUC_JP, UTF8, encoding_of, missing_in

ALL = (CP932, EUC_JP, UTF8)
# Words as shops write them: some kana is always among them.
WORDS = st.lists(
    st.sampled_from(["マグカップ", "白い磁器の皿です。", "朝の一杯", "食器", "A-1,"]), min_size=1
)


@given(words=WORDS, encoding=st.sampled_from(ALL))
def test_japanese_text_is_told_by_its_bytes(words: list[str], encoding: str) -> None:
    file = io.BytesIO(("かな" + "".join(words)).encode(encoding))
    assert encoding_of(file, ALL) == encoding


def test_ascii_has_the_first_encoding_that_is_possible() -> None:
    assert [encoding_of(io.BytesIO(b"code,name"), (one, UTF8)) for one in ALL] == list(ALL)


def test_utf8_is_none_of_a_malls_own_encodings() -> None:
    assert encoding_of(io.BytesIO("白い皿".encode()), (CP932, EUC_JP)) is None
    assert encoding_of(io.BytesIO("白い皿".encode(CP932)), (UTF8,)) is None
    assert encoding_of(io.BytesIO("白い皿".encode() + b"\xff"), ALL) is None


@pytest.mark.parametrize(
    ("text", "encoding", "missing"),
    [
        ("①㈱髙～", CP932, ""),
        ("①㈱髙～皿", EUC_JP, "①㈱髙～"),
        # The codec would write these two as a backslash and a tilde.
        ("\xa5100\u203e", EUC_JP, "\xa5\u203e"),
        ("é😀\x80", CP932, "é😀\x80"),
        ("é😀", UTF8, ""),
    ],
)
def test_characters_that_an_encoding_lacks(text: str, encoding: str, missing: str) -> None:
    assert missing_in(text, encoding) == list(missing)
