"""Keys of rows in addresses: what no column can hold is not found rather than an error."""

from django.urls import register_converter

ID_MAX = 2**63 - 1


class IdConverter:
    """`<id:batch_id>` in a URL pattern."""

    regex = "[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        found = int(value)
        if not 0 < found <= ID_MAX:
            raise ValueError(value)
        return found

    def to_url(self, value: int) -> str:
        return str(value)


register_converter(IdConverter, "id")
