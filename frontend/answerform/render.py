"""Draws an answer form: to fill in, to read, or as a preview of what a worker will see.

Only the fields are drawn; the page around brings `<form novalidate>`, the CSRF token and the buttons. There
is no `maxlength` and no `required` attribute: a browser would cut pasted text silently or stop a draft from
being saved.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from frontend.answerform.controls import Drawing, Mode
from frontend.answerform.parts import field_control
from frontend.answerform.post import answer_from_post, control_path, files_from_post, input_name
from kernel.errors import FieldProblem
from tasks.answers.checks import Check
from tasks.answers.normalise import hidden_fields
from tasks.answers.schema import Form

__all__ = ["Mode", "answer_from_post", "control_path", "files_from_post", "input_name", "render_form"]

Errors = Mapping[str, Sequence[object]] | Iterable[FieldProblem]


def render_form(
    form: Form,
    checks: Sequence[Check],
    *,
    values: Mapping[str, Any],
    errors: Errors,
    mode: Mode,
    image_url: Callable[[str], str] | None = None,
    unit_values: Mapping[str, Any] | None = None,
    only: str | None = None,
) -> SafeString:
    """The fields of `form` as HTML in the active language.

    `values` may hold what could not be read (it is shown as typed). `errors` are problems or `{path:
    [text]}`; those of no field come first. `image_url` turns an upload id into an address to show it from.
    `unit_values` are those of the unit that is worked on: image pairs show its pictures. `only` draws the
    field of that name, as a part of its form. `preview` draws the form as in `edit`, switched off. Raises
    ValueError for another mode.
    """
    if mode not in ("edit", "readonly", "preview"):
        raise ValueError(mode)
    texts = _error_texts(errors)
    drawing = Drawing(form, checks, values, texts, mode, hidden_fields(form, values), image_url, unit_values)
    fields = [field for field in form.fields if only is None or field.name == only]
    controls = [field_control(field, drawing) for field in fields]
    others = [text for path, found in texts.items() if form.owner(path) is None for text in found]
    template = "answerform/readonly.html" if mode == "readonly" else "answerform/form.html"
    return render_to_string(
        template, {"controls": controls, "other_errors": others if only is None else [], "mode": mode}
    )


def _error_texts(errors: Errors) -> dict[str, list[str]]:
    if isinstance(errors, Mapping):
        return {str(name): [str(text) for text in found] for name, found in errors.items()}
    texts: dict[str, list[str]] = {}
    for problem in errors:
        texts.setdefault(problem.field, []).append(str(problem.message))
    return texts
