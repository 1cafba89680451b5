"""Which columns an update file has, and the rows above its data."""

from collections.abc import Iterable, Iterator, Mapping

from exchange.csvbytes import Record, Style, quote
from exchange.layout import TEMPLATE
from exchange.source import Source

_NEEDS_QUOTES = frozenset('"\r\n')


def update_columns(source: Source, rows: Iterable[tuple[Record, Mapping[int, str]]]) -> list[int]:
    """Return the columns of an update file, by index in the source, in their order.

    `rows`: each with its changes (column index -> new value). The kept columns and the changed ones, all
    columns of one name together, or which one is it? Of a block that is touched go all that hold something in
    a row of the update: the mall empties those that the file lacks.
    """
    updating = source.updating
    of_variants = set(source.grouping.of_variants.values())
    changed: set[int] = set()
    filled: dict[frozenset[int], set[int]] = {block: set() for block in updating.blocks}
    for record, changes in rows:
        if not changes:
            continue
        changed |= changes.keys()
        if filled:
            texts = record.texts()
            for block, found in filled.items():
                found |= {index for index in block if texts[index]}
    along = [found for block, found in filled.items() if block & changed]
    wanted = changed.union(*along)
    if wanted & of_variants:
        wanted |= set(updating.variant_kept)
    return _in_order(source, wanted)


def _in_order(source: Source, wanted: set[int]) -> list[int]:
    kept = source.updating.kept
    names = {source.header[index] for index in {*kept, *wanted}}
    columns = [index for index, name in enumerate(source.header) if name in names]
    if not source.updating.kept_first:
        return columns
    return [*kept, *(index for index in columns if index not in kept)]


def update_head(source: Source, columns: list[int]) -> Iterator[list[bytes]]:
    """Yield the rows above an update file's data, as cells."""
    for kind, record in source.updating.above:
        cells = record.raw_cells()
        yield cells if kind == TEMPLATE else [cells[n] if n < len(cells) else b"" for n in columns]
    names = source.updating.names
    yield [encode_cell(names.get(index, source.header[index]), source.style) for index in columns]


def encode_cell(value: str, style: Style, *, quoted: bool = False) -> bytes:
    """Return a value as it stands in a file, quoted if it was or must be."""
    encoded = value.encode(style.encoding)
    marks = _NEEDS_QUOTES | {style.separator}
    if quoted or value != value.strip() or not marks.isdisjoint(value):
        return quote(encoded)
    return encoded
