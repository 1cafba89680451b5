"""Which known export a file is, by its header and its encoding. A wrong guess is worse than none."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO, NamedTuple

from exchange.csvbytes import BOM, LIMITS, Limits, Style, read_records
from exchange.encodings import UTF8, encoding_of
from exchange.errors import FileRefused
from exchange.fileheads import FileHead, read_head
from exchange.layout import Layout, product_layouts
from exchange.placing import place
from exchange.sniff import check_file
from exchange.source import SHOPIFY, Source


class Recognised(NamedTuple):
    """What a file was recognised as."""

    format: str
    dialect: str
    encoding: str


class _Fit(NamedTuple):
    layout: Layout
    head: FileHead

    @property
    def marks(self) -> int:
        return len(self.layout.marks & set(self.head.names))

    @property
    def key_fits(self) -> tuple[bool, bool, int]:
        """Is the key there, or nearly; how many headers are known."""
        keys = {self.layout.columns[name] for name in self.layout.key}
        lowered = {name.lower() for name in self.head.names}
        near = bool(lowered & {key.lower() for key in keys})
        return bool(keys & set(self.head.names)), near, self.layout.known(self.head.names)


def identify(file: BinaryIO, *, limits: Limits = LIMITS) -> Recognised | None:
    """Tell which known export a file is, or None.

    It must hold the headers that only one platform writes (`Layout.marks`), or Shopify's whole key, and be
    text of an encoding that the platform uses. A file that could be of two platforms is none of theirs.
    Raises FileRefused for what is no CSV file at all.
    """
    check_file(file, limits)
    marked = [layout for layout in product_layouts() if layout.marks]
    fits = [fit for fit in _fits(file, marked, limits) if fit.marks >= fit.layout.marks_needed]
    if len({fit.layout.format for fit in fits}) > 1:
        return None
    likely = fits[0].layout.format if fits else SHOPIFY
    try:
        source = open_source(file, likely, limits=limits)
    except FileRefused as refused:
        # Some of the marks are there, so a column that is missing is best named.
        if fits and refused.code in ("header_missing", "header_doubled"):
            best = max(fits, key=lambda fit: fit.key_fits)
            return Recognised(likely, best.layout.dialect, best.head.style.encoding)
        return None
    return Recognised(likely, source.dialect, source.style.encoding)


def open_source(file: BinaryIO, format: str = SHOPIFY, *, limits: Limits = LIMITS, key: str = "") -> Source:
    """Read the head of a product file of one format. The file must be seekable; its position is changed.

    Columns may be fewer, in another order or joined by unknown ones. `key`: the logical column that names the
    units, where the format leaves a choice and an earlier file made it. Raises FileRefused when it is no file
    of this format: a required column is missing, one stands there twice, or the encoding is another.
    """
    size = check_file(file, limits)
    layout, head = _best(file, product_layouts(format), limits)
    _check_header(head, layout)
    return place(layout, head, size, limits, key=_key_of(file, layout, head, limits, key))


def _best(file: BinaryIO, layouts: Sequence[Layout], limits: Limits) -> _Fit:
    """The layout that fits best, read in the file's encoding."""
    problems: list[FileRefused] = []
    fits = list(_fits(file, layouts, limits, problems))
    if not fits:
        raise problems[0]
    best = max(fits, key=lambda fit: fit.key_fits)
    layout, names = best.layout, best.head.names
    if layout.delimiter == b"," and len(names) == 1 and (";" in names[0] or "\t" in names[0]):
        raise FileRefused("delimiter_wrong", row=best.head.last.row)
    encoding = encoding_of(file, layout.encodings) if layout.encodings != (UTF8,) else UTF8
    if encoding is None and encoding_of(file, (UTF8,)):
        raise FileRefused("encoding_of_another", encodings=", ".join(layout.encodings))
    if encoding in (None, best.head.style.encoding):
        return best  # a damaged file is refused where its damage is
    return next((fit for fit in fits if fit.layout is layout and fit.head.style.encoding == encoding), best)


def _fits(
    file: BinaryIO, layouts: Iterable[Layout], limits: Limits, problems: list[FileRefused] | None = None
) -> Iterator[_Fit]:
    """The head as each layout would read it, in each of its encodings, where that can be read."""
    heads: dict[tuple[bytes, str, int], FileHead | FileRefused] = {}
    for layout in layouts:
        for encoding in _possible(file, layout):
            how = (layout.delimiter, encoding, len(layout.header_rows))
            if how not in heads:
                heads[how] = _head(file, Style(layout.delimiter, encoding), len(layout.header_rows), limits)
            head = heads[how]
            if isinstance(head, FileHead):
                yield _Fit(layout, head)
            elif problems is not None:
                problems.append(head)


def _head(file: BinaryIO, style: Style, rows: int, limits: Limits) -> FileHead | FileRefused:
    try:
        return read_head(file, style, rows, limits)
    except FileRefused as refused:
        return refused


def _possible(file: BinaryIO, layout: Layout) -> Sequence[str]:
    """A byte order mark says that it is UTF-8."""
    file.seek(0)
    marked = file.read(len(BOM)) == BOM and UTF8 in layout.encodings
    return (UTF8,) if marked else layout.encodings


def _check_header(head: FileHead, layout: Layout) -> None:
    row, names = head.last.row, head.names
    if not {layout.columns[name] for name in layout.key} & set(names):
        name = layout.columns[layout.key[0]]
        raise FileRefused("header_missing", row=row, column=name, header=name)
    for logical in layout.required:
        name = layout.columns[logical]
        if name not in names:
            raise FileRefused("header_missing", row=row, column=name, header=name)
    known = set(layout.columns.values())
    for name, times in Counter(names).items():
        if times > 1 and name in known:
            raise FileRefused("header_doubled", row=row, column=name, header=name)


def _key_of(file: BinaryIO, layout: Layout, head: FileHead, limits: Limits, wanted: str) -> str:
    """The first column of the layout's keys that every unit fills; the last one needs no look."""
    names = [name for name in layout.key if layout.columns[name] in head.names]
    if wanted in names:
        return wanted
    places = {name: head.names.index(layout.columns[name]) for name in names[:-1]}
    if places:
        parent = layout.columns.get(layout.rows.parent, "")
        of_parent = head.names.index(parent) if parent in head.names else None
        for cells in _rows(file, head, limits):
            if of_parent is None or not cells[of_parent].strip():
                places = {name: index for name, index in places.items() if cells[index].strip()}
            if not places:
                break
    return next(iter(places), names[-1])


def _rows(file: BinaryIO, head: FileHead, limits: Limits) -> Iterator[list[bytes]]:
    """The cells of all rows that are whole, as far as the file can be read."""
    start = head.last.start + head.last.length
    try:
        for record in read_records(file, start=start, limits=limits, style=head.style):
            cells = record.cells
            if len(cells) == len(head.names) and any(cells):
                yield cells
    except FileRefused:
        return  # whoever reads the units names it
