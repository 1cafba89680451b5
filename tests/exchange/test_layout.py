"""What every layout must be, whatever platform it is of."""

from exchange.layout import product_layouts


def test_layouts_name_only_columns_that_are_there() -> None:
    for layout in product_layouts():
        assert len(set(layout.header)) == len(layout.header)
        assert set(layout.columns.values()) <= set(layout.header)
        assert len(set(layout.columns.values())) == len(layout.columns), "one header, two meanings"
        rows, named = layout.rows, set(layout.columns)
        assert {*layout.key, layout.title, *layout.required, *layout.html, *layout.kept} <= named
        assert {*rows.of_variants, *rows.repeated, *layout.variant_kept, *layout.limits} <= named
        assert {*rows.others, *layout.pictures, *layout.picture_alts} <= set(layout.header)
        assert {rows.variant, rows.parent} - {""} <= named
        of_format = [name for one in product_layouts(layout.format) for name in one.header]
        assert layout.marks <= set(of_format)


def test_numbers_of_rakuten_columns_are_complete() -> None:
    (layout,) = product_layouts("rakuten")
    assert len(layout.header) == 558
    assert layout.columns["attribute100_unit"] == "商品属性（単位）100"
    assert (len(layout.pictures), layout.file_rows) == (20, 60_000)
    assert sum(bool(layout.blocks[0].fullmatch(name)) for name in layout.header) == 300
