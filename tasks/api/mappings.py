"""How a store's own tables are read."""

from django.http import HttpResponse
from rest_framework.request import Request

from accounts.domain.queries import directed_store
from accounts.states import Scope
from kernel.clock import now
from tasks.api import inputs, lists, shapes
from tasks.api.base import ApiView, answer
from tasks.api.rendering import mapping_json
from tasks.api.schema import PAGING, operation
from tasks.domain.mappings import save_mapping
from tasks.models import Mapping


class MappingsView(ApiView):
    scopes = {"POST": Scope.DIRECT}

    @operation(
        "mappings",
        "How the store's own tables are read, the newest first",
        {200: shapes.page_of(shapes.Mapping)},
        query=PAGING,
    )
    def get(self, request: Request, store_id: int) -> HttpResponse:
        store = directed_store(store_id, self.user, now())
        rows = Mapping.objects.filter(store=store)
        return lists.listed(
            request, rows, key=("-id",), render=lambda found: [mapping_json(one) for one in found]
        )

    @operation(
        "save_mapping",
        "Save what each column of a table means, as the next version of its name",
        {201: shapes.Mapping},
        takes=inputs.MAPPING,
    )
    def post(self, request: Request, store_id: int) -> HttpResponse:
        raw = self.body.read(inputs.MAPPING)
        made = save_mapping(store_id=store_id, raw=raw, header=None, by=self.user, now=now())
        return answer(mapping_json(made), status=201)
