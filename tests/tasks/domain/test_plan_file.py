"""Volumes from a file: all rows or none, problems by row and column; the plan as a table for people."""

import csv
import io
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils.translation import override
from openpyxl import Workbook

from kernel.clock import now
from kernel.errors import Invalid
from tasks.domain.operations import add_operation
from tasks.domain.plan_file import FILE_MAX, import_volumes, write_plan
from tasks.domain.planner import plan_of
from tasks.errors import Missing, RoleMissing
from tasks.models import StoreOperation
from tests.factories import Cast

pytestmark = pytest.mark.django_db


def take(cast: Cast, data: str | bytes, by: Any = None) -> int:
    file: Any = ContentFile(data.encode() if isinstance(data, str) else data, "volumes.csv")
    return import_volumes(store_id=cast.store.pk, file=file, by=by or cast.aya, now=now())


def stored() -> dict[str, tuple[int | None, float | None]]:
    return {
        row.slug: (row.volume, float(row.minutes) if row.minutes is not None else None)
        for row in StoreOperation.objects.all()
    }


def told(cast: Cast, data: str | bytes) -> list[tuple[str, str]]:
    with override("en"), pytest.raises(Invalid) as refused:
        take(cast, data)
    assert refused.value.code == "plan_file_invalid"
    assert not StoreOperation.objects.filter(own=False).exists(), "half a file was saved"
    return [(one.field, one.code) for one in refused.value.fields]


def test_operations_are_named_by_number_or_in_either_language(cast: Cast) -> None:
    data = '業務,件数,分\n1,１２０,2.5\n価格の更新,"1,300",\nFIRST reply draft,90,8\nmarketing,20,\n'
    assert take(cast, data) == 4
    assert stored() == {
        "new-listing": (120, 2.5),
        "price-update": (1300, None),
        "first-reply": (90, 8.0),
        "marketing": (20, None),
    }


@pytest.mark.parametrize(
    "data",
    [
        "4,12,3\n",
        "anything,volume?,min?\n4,12,3\n",
        "Operation number or name,Monthly volume,Minutes per unit\n4,12,3\n",
        "\ufeff番号\t見出し\t月の件数\t1件の分\n4\tx\t12\t3\n",
        "月の件数,1件の分,業務\n\n12,3,商品名の見直し（SEO）\n",
        "月の件数,1件の分,業務\n12,3,商品名の見直し（SEO）\n".encode("cp932"),
    ],
)
def test_many_ways_to_write_it(cast: Cast, data: str | bytes) -> None:
    assert take(cast, data) == 1
    assert stored() == {"title-rewrite": (12, 3.0)}


def test_a_workbook_is_read_too(cast: Cast) -> None:
    book, out = Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    for cells in (["業務", "件数", "分"], [4, 12, 2.5]):
        sheet.append(cells)
    book.save(out)
    assert take(cast, out.getvalue()) == 1
    assert stored() == {"title-rewrite": (12, 2.5)}


def test_an_empty_cell_changes_nothing(cast: Cast) -> None:
    take(cast, "4,12,3\n")
    take(cast, "4,,5\n16,,\n")
    assert stored() == {"title-rewrite": (12, 5.0)}


def test_every_bad_row_is_told_with_its_column_and_nothing_is_saved(cast: Cast) -> None:
    data = "業務,件数,分\n1,5,5\n99,5,5\n4,many,1.234\n,5,5\n1,7,7\n16,-2,99999\n"
    assert told(cast, data) == [
        ("Row 3, column “Operation”", "unknown_operation"),
        ("Row 5, column “Operation”", "unknown_operation"),
        ("Row 6, column “Operation”", "operation_doubled"),
    ]
    assert told(cast, "業務,件数,分\n1,5,5\n\n4,many,1.234\n16,-2,99999\n") == [
        ("Row 4, column “Volume per month”", "not_a_number"),
        ("Row 4, column “Minutes per unit”", "too_fine"),
        ("Row 5, column “Volume per month”", "out_of_range"),
        ("Row 5, column “Minutes per unit”", "out_of_range"),
    ]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"),
        (b"PK\x03\x04 no workbook", "file_zip"),
        ('業務,件数,分\n1,"5,5\n', "quote_unterminated"),
        ("業務,件数,分\n", "nothing_read"),
        (b"1,5,5\n" * (FILE_MAX // 6 + 1), "file_too_big"),
        ("1,5,5\n" * 1002, "too_many_rows"),
    ],
)
def test_what_is_no_table_is_refused_in_words(cast: Cast, data: str | bytes, code: str) -> None:
    assert [found for _where, found in told(cast, data)] == [code]


def test_only_directors_of_the_store_may(cast: Cast) -> None:
    for user, refusal in ((cast.dai, RoleMissing), (cast.gen, Missing), (cast.chie, Missing)):
        with pytest.raises(refusal):
            take(cast, "4,12,3\n", user)
    assert stored() == {}


def written(cast: Cast, language: str) -> list[list[str]]:
    out = io.BytesIO()
    with override(language):
        write_plan(plan_of(cast.store, now()), out)
    return list(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"))))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_what_is_given_out_can_be_taken_in_again(cast: Cast, language: str) -> None:
    raw = {"name": "=HYPERLINK(1)", "group": "orders", "volume": 3}
    add_operation(store_id=cast.store.pk, raw=raw, by=cast.aya, now=now())
    take(cast, "4,1200,2.25\n")
    rows = written(cast, language)
    assert len(rows) == 1 + 45 + 1
    assert len({len(row) for row in rows}) == 1
    line = next(row for row in rows if row[0] == "4")
    assert (line[5], line[7]) == ("1200", "2.25")
    # What a spreadsheet would run does not run.
    assert [row[1] for row in rows if "HYPERLINK" in row[1]] == ["'=HYPERLINK(1)"]
    before = stored()
    given = [row for row in rows if "HYPERLINK" not in row[1]]
    given[next(n for n, row in enumerate(given) if row[0] == "4")][5] = "77"
    out = io.StringIO()
    csv.writer(out).writerows(given)
    take(cast, out.getvalue())
    assert before["title-rewrite"] == (1200, 2.25)
    assert stored()["title-rewrite"] == (77, 2.25)
