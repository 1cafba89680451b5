"""What is known of a file once its head was read: which kind it is and where its columns are."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from exchange.csvbytes import COMMA_UTF8, Limits, Record, Style
from exchange.workbook import Sheet

TABLE = "table"
SHOPIFY = "shopify"


@dataclass(frozen=True, slots=True)
class Grouping:
    """How rows form units, by column index; `exchange.layout.Rows` says what each part means.

    `of_variants`: the logical columns that count on variants' rows. `parent_names`: column index -> prefix.
    """

    together: bool = True
    variant: int | None = None
    others: tuple[int, ...] = ()
    of_variants: Mapping[str, int] = field(default_factory=dict)
    repeated: frozenset[int] = frozenset()
    parent: int | None = None
    parent_names: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Updating:
    """What an update file is made of, by column index.

    `kept` are in every one, first and in this order if `kept_first`; `variant_kept` when a variant's cell
    changes; of `blocks` all columns that hold something go along with one. `names`: how a column is called in
    an update file; the others are called as in the source. `above`: the rows above the column names with
    what they are (`exchange.layout`).
    """

    kept: tuple[int, ...]
    kept_first: bool = False
    variant_kept: tuple[int, ...] = ()
    blocks: tuple[frozenset[int], ...] = ()
    names: Mapping[int, str] = field(default_factory=dict)
    above: tuple[tuple[str, Record], ...] = ()
    file_rows: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """What must be known of a file to read and rewrite its rows. `columns`: logical name -> index.

    `key` names a unit, `key_name` is its logical column. `read_only` are logical columns that no answer may
    change, because the shop's import does not know them. `pictures`: columns of pictures with that of their
    alternative text, where a row's own `image_url` is not all, and what goes before each to make it a path
    that can be found. `shown` are columns a worker sees although they have no logical name. `workbook` is the
    sheet that the text was made of, where the file is one.
    """

    format: str
    dialect: str
    header: tuple[str, ...]
    columns: dict[str, int]
    html: frozenset[str]
    bom: bool
    newline: bytes
    header_row: int
    body_offset: int
    size: int
    limits: Limits
    key: int
    key_name: str
    title: int | None
    title_required: bool
    updating: Updating
    grouping: Grouping = Grouping()
    read_only: frozenset[str] = frozenset()
    pictures: tuple[tuple[int, int | None], ...] = ()
    picture_prefix: str = ""
    shown: tuple[int, ...] = ()
    style: Style = COMMA_UTF8
    workbook: Sheet | None = None

    @property
    def mapped(self) -> bool:
        """Whether a mapping says what the columns mean, not a layout that the program knows."""
        return self.format == TABLE

    @property
    def answerable(self) -> frozenset[str]:
        """The logical columns that answers may fill."""
        return frozenset(self.columns) - self.read_only
