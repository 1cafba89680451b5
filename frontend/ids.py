"""Numbers of rows in addresses: what no database could hold is no address."""

from django.urls import register_converter
from django.urls.converters import IntConverter


class RowConverter(IntConverter):
    """`<row:batch_id>`: like `int`, but a number of twenty digits is not found instead of an error."""

    regex = "[0-9]{1,18}"


register_converter(RowConverter, "row")
