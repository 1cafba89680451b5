"""The guide beside a batch made from the sample file: at each step, what to do here and what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from frontend.batches.stepper import Stage
from frontend.help.sample import is_sample
from kernel.errors import Text
from tasks.models import Batch

BOARD, RESULTS = "board", "results"
_WORDS: dict[str | int, Text] = {
    1: _("Tencho reads the file first and makes nothing of it yet. This takes a moment."),
    2: _("Choose what becomes work. Take the products without a description: each becomes one task."),
    3: _("Say who works and for how much. Leave it with your own staff for this try."),
    4: _("This is how a worker will see one task. Publish when it looks right; you can pause at any time."),
    BOARD: _(
        "Now take a task yourself under Find work and hand it in, then decide on it under Review. The file "
        "with the approved cells waits under Results."
    ),
    RESULTS: _(
        "Make the update file when an answer is approved, and look which cells it changes. Tick it off once "
        "it is in the shop: from then on Tencho knows what is where, and can put it back."
    ),
}


@dataclass(frozen=True)
class Words:
    number: int
    of: int
    text: Text
    on_board: bool


def words(batch: Batch | None, stages: Sequence[Stage] | str | None) -> Words | None:
    """What the guide says on a page of the wizard, on that of the results ("results"), else on the board."""
    if batch is None or not is_sample(batch):
        return None
    of = len(_WORDS)
    if stages == RESULTS:
        return Words(of, of, _WORDS[RESULTS], on_board=False)
    shown = [one for one in stages or () if isinstance(one, Stage)]
    current = next((one.number for one in shown if one.state == "current"), None)
    if current is None:
        return Words(of - 1, of, _WORDS[BOARD], on_board=True)
    return Words(current, of, _WORDS[current], on_board=False)
