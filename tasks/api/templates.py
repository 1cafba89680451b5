"""How work is done: templates to read, to write as a draft, to publish, to take in and out as files."""

from typing import Any

from django.db.models import OuterRef, Subquery
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.request import Request

from accounts.domain.queries import directed_store, stores_of
from accounts.states import Scope
from kernel.clock import now
from tasks.api import inputs, lists, shapes
from tasks.api import template_shapes as own
from tasks.api.base import ApiView, answer
from tasks.api.bodies import invalid
from tasks.api.rendering import Json, moment, template_json, upload_json
from tasks.api.schema import PAGING, operation
from tasks.domain import template_draft, template_make
from tasks.domain.queries import visible_templates
from tasks.domain.template_diff import differences
from tasks.domain.template_file import FILE_MAX, write_file
from tasks.domain.template_pictures import keep_picture
from tasks.domain.template_tryout import try_check
from tasks.domain.uploads import BYTES_MAX
from tasks.errors import Missing, RoleMissing
from tasks.models import Template, TemplateDraft, TemplateVersion
from tasks.rules import DIRECT_ROLES

VERSION = OpenApiParameter(
    "version", {"type": "integer", "minimum": 1}, description="its number; else the newest"
)
HEAVY = ("manual_ja", "manual_en", "form", "checks", "inputs", "checklist", "defaults")


class TemplatesView(ApiView):
    @operation(
        "templates",
        "Templates that my stores can post work with: shipped ones and their companies' own",
        {200: shapes.page_of(shapes.Template)},
        query=PAGING,
    )
    def get(self, request: Request) -> HttpResponse:
        newest = TemplateVersion.objects.filter(template=OuterRef("pk")).order_by("-number").values("pk")
        rows = visible_templates(self.user, now()).filter(archived_at=None)
        rows = rows.annotate(newest=Subquery(newest[:1])).filter(newest__isnull=False)
        return lists.listed(request, rows, key=("id",), render=_templates)


def _templates(templates: list[Any]) -> list[Json]:
    versions = TemplateVersion.objects.in_bulk([one.newest for one in templates])
    return [template_json(one, versions[one.newest]) for one in templates]


class TemplateBase(ApiView):
    """Views of one template."""

    def template(self, template_id: int) -> Template:
        found = visible_templates(self.user, now()).filter(pk=template_id).first()
        if found is None:
            raise Missing
        return found

    def editable(self, template_id: int) -> Template:
        """One that the reader may change: asked before a body is read."""
        found = self.template(template_id)
        if found.company_id is None:
            raise template_draft.TemplateShipped
        if not stores_of(self.user, now(), *DIRECT_ROLES).filter(company=found.company_id).exists():
            raise RoleMissing
        return found

    def version(self, request: Request, template: Template, name: str = "version") -> TemplateVersion:
        number = lists.number(request, name, 0, most=2**31 - 1)
        rows = template.versions.order_by("-number")
        found = rows.filter(number=number).first() if number else rows.first()
        if found is None:
            raise Missing
        return found


class TemplateView(TemplateBase):
    @operation("template", "One template with its versions", {200: own.TemplateDetail})
    def get(self, request: Request, template_id: int) -> HttpResponse:
        template = self.template(template_id)
        newest = template.versions.order_by("-number").first()
        versions = template.versions.select_related("created_by").defer(*HEAVY).order_by("-number")
        draft = TemplateDraft.objects.filter(template=template).first()
        content = template_json(template, newest) if newest else None
        return answer(
            {
                "id": template.pk,
                "key": template.key,
                "title": {"ja": template.title_ja, "en": template.title_en},
                "company": template.company_id,
                "archived_at": moment(template.archived_at),
                "draft_waiting": template_draft.is_waiting(draft),
                "newest": content,
                "versions": [_version(one) for one in versions],
            }
        )


def _version(version: TemplateVersion) -> Json:
    author = version.created_by
    return {
        "id": version.pk,
        "number": version.number,
        "note": version.note,
        "author": {"id": author.pk, "name": author.name} if author else None,
        "created_at": moment(version.created_at),
    }


class StoreTemplatesView(ApiView):
    scopes = {"POST": Scope.DIRECT}
    max_file = FILE_MAX

    @operation(
        "create_template",
        "Make a template of the company: from nothing, as a copy of a version, or of a file (multipart)",
        {201: own.TemplateDraft},
        takes=own.NEW_TEMPLATE,
    )
    def post(self, request: Request, store_id: int) -> HttpResponse:
        shared: dict[str, Any] = {"store_id": store_id, "by": self.user, "now": now()}
        directed_store(store_id, self.user, now())
        if self.body.is_multipart:
            data = self.body.file("file").read(FILE_MAX + 1)
            return _draft(template_make.import_template(data=data, **shared), 201)
        sent = self.body.read(own.NEW_TEMPLATE)
        if ("title" in sent) == ("copy_of" in sent):
            raise invalid("title", "required")
        if "copy_of" in sent:
            return _draft(template_make.copy_template(version_id=sent["copy_of"], **shared), 201)
        return _draft(template_make.create_template(title=sent["title"], **shared), 201)


def _draft(template: Template, status: int = 200) -> HttpResponse:
    content, fence, draft = template_draft.current(template)
    problems = template_draft.problems_in(template, content)
    body = {
        "template": template.pk,
        "key": template.key,
        "content": content,
        "fence": fence,
        "waiting": template_draft.is_waiting(draft),
        "saved_at": moment(draft.saved_at) if draft else None,
        "problems": [{"field": one.field, "code": one.code, "message": str(one.message)} for one in problems],
    }
    where = {"Location": f"/api/v1/templates/{template.pk}"} if status == 201 else None
    return answer(body, status=status, headers=where)


class TemplateDraftView(TemplateBase):
    scopes = {"PUT": Scope.DIRECT}

    @operation(
        "template_draft",
        "What is being edited, or the newest version; and what keeps it from being published",
        {200: own.TemplateDraft},
    )
    def get(self, request: Request, template_id: int) -> HttpResponse:
        return _draft(self.editable(template_id))

    @operation(
        "save_template_draft",
        "Save what is being edited; `template_draft_outdated` carries the newer draft and its fence",
        {200: own.TemplateDraft},
        takes=own.TEMPLATE_DRAFT,
    )
    def put(self, request: Request, template_id: int) -> HttpResponse:
        template = self.editable(template_id)
        sent = self.body.read(own.TEMPLATE_DRAFT)
        template_draft.save_template_draft(template_id=template_id, by=self.user, now=now(), **sent)
        return _draft(template)


class PublishTemplateView(TemplateBase):
    scopes = {"POST": Scope.DIRECT}

    @operation(
        "publish_template",
        "Make the draft the newest version",
        {201: own.TemplateVersion},
        takes=own.TEMPLATE_PUBLICATION,
    )
    def post(self, request: Request, template_id: int) -> HttpResponse:
        self.editable(template_id)
        sent = self.body.read(own.TEMPLATE_PUBLICATION)
        made = template_draft.publish_draft(
            template_id=template_id,
            fence=sent["fence"],
            note=sent.get("note", ""),
            newest_seen=sent.get("newest_seen"),
            by=self.user,
            now=now(),
        )
        return answer(_version(made), status=201)


class DiscardTemplateDraftView(TemplateBase):
    scopes = {"POST": Scope.DIRECT}

    @operation(
        "discard_template_draft",
        "Go back to the newest version",
        {200: own.TemplateDraft},
        takes=own.TEMPLATE_FENCE,
    )
    def post(self, request: Request, template_id: int) -> HttpResponse:
        template = self.editable(template_id)
        sent = self.body.read(own.TEMPLATE_FENCE)
        template_draft.discard_template_draft(template_id=template_id, by=self.user, now=now(), **sent)
        return _draft(template)


class ArchiveTemplateView(TemplateBase):
    scopes = {"POST": Scope.DIRECT}

    @operation(
        "archive_template", "Take a template out of the choices for new batches", {200: own.TemplateState}
    )
    def post(self, request: Request, template_id: int) -> HttpResponse:
        return _state(template_make.archive_template(template_id=template_id, by=self.user, now=now()))


class UnarchiveTemplateView(TemplateBase):
    scopes = {"POST": Scope.DIRECT}

    @operation("unarchive_template", "Let a template be chosen again", {200: own.TemplateState})
    def post(self, request: Request, template_id: int) -> HttpResponse:
        return _state(template_make.unarchive_template(template_id=template_id, by=self.user, now=now()))


def _state(template: Template) -> HttpResponse:
    return answer({"id": template.pk, "key": template.key, "archived_at": moment(template.archived_at)})


class TemplateFileView(TemplateBase):
    @operation(
        "template_file",
        "A version as a file, with its pictures",
        {200: OpenApiResponse(OpenApiTypes.OBJECT, description="What `create_template` takes as a file.")},
        query=(VERSION,),
    )
    def get(self, request: Request, template_id: int) -> HttpResponse:
        found = self.version(request, self.template(template_id))
        return HttpResponse(write_file(found), content_type="application/json")


class TemplateDifferencesView(TemplateBase):
    @operation(
        "template_differences",
        "What changed between two versions: sentences, and the passages of the manual",
        {200: own.TemplateDifferences},
        query=(
            OpenApiParameter("from", {"type": "integer", "minimum": 1}, required=True),
            OpenApiParameter("to", {"type": "integer", "minimum": 1}, description="else the newest"),
        ),
    )
    def get(self, request: Request, template_id: int) -> HttpResponse:
        template = self.template(template_id)
        if "from" not in request.GET:
            raise invalid("from", "required")
        found = differences(self.version(request, template, "from"), self.version(request, template, "to"))
        return answer(
            {
                "changes": [
                    {"section": one.section, "kind": one.kind, "place": one.place, "text": str(one.text)}
                    for one in found.changes
                ],
                "manual": {
                    language: [
                        {"skipped": passage.skipped, "lines": [_line(line) for line in passage.lines]}
                        for passage in passages
                    ]
                    for language, passages in found.manual.items()
                },
            }
        )


def _line(line: Any) -> Json:
    return {"mark": line.mark, "pieces": [{"mark": one.mark, "text": one.text} for one in line.pieces]}


class TemplatePicturesView(TemplateBase):
    scopes = {"POST": Scope.DIRECT}
    max_file = BYTES_MAX

    @operation(
        "upload_template_picture",
        "Hand in a picture for the manual: JPEG, PNG, GIF or WebP",
        {201: own.TemplatePicture},
        form=inputs.PICTURE,
    )
    def post(self, request: Request, template_id: int) -> HttpResponse:
        self.editable(template_id)
        file = self.body.file("file")
        kept = keep_picture(template_id=template_id, file=file, name=file.name or "", by=self.user, now=now())
        return answer({**upload_json(kept), "markdown": f"![](/uploads/{kept.pk}/)"}, status=201)


class TryCheckView(TemplateBase):
    @operation(
        "try_check",
        "Run a check on samples, one a line",
        {200: own.Tried},
        takes=own.CHECK_TRIAL,
    )
    def post(self, request: Request, template_id: int) -> HttpResponse:
        self.editable(template_id)
        found = try_check(**self.body.read(own.CHECK_TRIAL))
        return answer(
            {"tried": [{"sample": o.sample, "passed": o.passed, "message": o.message} for o in found]}
        )


ROUTES = {
    "templates": TemplatesView,
    "templates/<id:template_id>": TemplateView,
    "templates/<id:template_id>/draft": TemplateDraftView,
    "templates/<id:template_id>/discard": DiscardTemplateDraftView,
    "templates/<id:template_id>/publish": PublishTemplateView,
    "templates/<id:template_id>/archive": ArchiveTemplateView,
    "templates/<id:template_id>/unarchive": UnarchiveTemplateView,
    "templates/<id:template_id>/file": TemplateFileView,
    "templates/<id:template_id>/differences": TemplateDifferencesView,
    "templates/<id:template_id>/pictures": TemplatePicturesView,
    "templates/<id:template_id>/try": TryCheckView,
    "stores/<id:store_id>/templates": StoreTemplatesView,
}
