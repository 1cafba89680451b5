"""Finds a layout's columns in the header of a file."""

from collections.abc import Callable, Iterable, Mapping

from exchange.csvbytes import Limits
from exchange.fileheads import FileHead
from exchange.layout import Layout, layout_of
from exchange.source import Grouping, Source, Updating


def place(layout: Layout, head: FileHead, size: int, limits: Limits, *, key: str) -> Source:
    """Return what is to be known of a file whose head fits the layout. `key`: the logical column."""
    columns = _columns(layout, head.names)
    target = layout_of(layout.format, layout.updates_in)
    return Source(
        format=layout.format,
        dialect=layout.dialect,
        header=head.names,
        columns=columns,
        html=layout.html,
        bom=head.bom,
        newline=head.last.ending or b"\n",
        header_row=head.last.row,
        body_offset=head.last.start + head.last.length,
        size=size,
        limits=limits,
        key=columns[key],
        key_name=key,
        title=columns[layout.title],
        title_required=layout.title in layout.kept,
        updating=_updating(layout, target, head, columns, key),
        grouping=_grouping(layout, head.names, columns),
        read_only=frozenset(columns) - frozenset(target.columns),
        pictures=tuple(_pictures(layout, head.names)),
        picture_prefix=layout.picture_prefix,
        style=head.style,
    )


def _columns(layout: Layout, names: tuple[str, ...]) -> dict[str, int]:
    """Logical name -> index; without the column that tells variants' rows, no cell of theirs can be told."""
    columns = {logical: names.index(name) for logical, name in layout.columns.items() if name in names}
    mark = layout.rows.variant
    hidden = layout.rows.of_variants if mark and mark not in columns else frozenset()
    return {logical: index for logical, index in columns.items() if logical not in hidden}


def _grouping(layout: Layout, names: tuple[str, ...], columns: Mapping[str, int]) -> Grouping:
    rows = layout.rows
    return Grouping(
        together=rows.together,
        variant=columns.get(rows.variant),
        others=tuple(names.index(name) for name in rows.others if name in names),
        of_variants={name: columns[name] for name in columns if name in rows.of_variants},
        repeated=frozenset(_there(rows.repeated, columns.get)),
        parent=columns.get(rows.parent),
        parent_names={columns[name]: mark for name, mark in rows.parent_names.items() if name in columns},
    )


def _updating(
    layout: Layout, target: Layout, head: FileHead, columns: Mapping[str, int], key: str
) -> Updating:
    numbers = range(len(head.names))
    return Updating(
        kept=tuple(dict.fromkeys(_there((key, *layout.kept), columns.get))),
        kept_first=layout.kept_first,
        variant_kept=tuple(_there(layout.variant_kept, columns.get)),
        blocks=tuple(
            frozenset(n for n in numbers if block.fullmatch(head.names[n])) for block in layout.blocks
        ),
        names={index: target.columns[name] for name, index in columns.items() if name in target.columns},
        above=tuple(zip(layout.header_rows[:-1], head.records[:-1], strict=True)),
        file_rows=layout.file_rows,
    )


def _pictures(layout: Layout, names: tuple[str, ...]) -> Iterable[tuple[int, int | None]]:
    for number, name in enumerate(layout.pictures):
        alt = layout.picture_alts[number] if layout.picture_alts else ""
        if name in names:
            yield names.index(name), names.index(alt) if alt in names else None


def _there(names: Iterable[str], find: Callable[[str], int | None]) -> Iterable[int]:
    return (index for index in map(find, names) if index is not None)
