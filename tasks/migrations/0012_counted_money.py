from django.db import migrations
from django.db.models import Sum

BATCHES_AT_ONCE = 500


def count(apps, _editor):
    """What was paid so far, beside the numbers of tasks: approved answers, shares of what could not be done."""
    Assignment = apps.get_model("tasks", "Assignment")
    Batch = apps.get_model("tasks", "Batch")
    TaskCount = apps.get_model("tasks", "TaskCount")
    ids = list(Batch.objects.exclude(state="draft").order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), BATCHES_AT_ONCE):
        some = ids[start : start + BATCHES_AT_ONCE]
        found = Assignment.objects.filter(batch__in=some).order_by()
        approved = found.filter(state="approved")
        paid = dict(approved.values_list("batch").annotate(yen=Sum("reward")))
        aside = dict(approved.filter(set_aside=True).values_list("batch").annotate(yen=Sum("reward")))
        settled = found.filter(state="settled").values_list("batch", "reward", "step__impossible_share")
        for batch, reward, share in settled:
            paid[batch] = paid.get(batch, 0) + reward * share // 100
        TaskCount.objects.bulk_create(
            TaskCount(batch_id=batch, state=state, n=yen)
            for state, sums in (("paid", paid), ("aside", aside))
            for batch, yen in sums.items()
            if yen
        )


def forget(apps, _editor):
    for name in ("TaskCount", "TaskCountDelta"):
        apps.get_model("tasks", name).objects.filter(state__in=["paid", "aside"]).delete()


class Migration(migrations.Migration):
    dependencies = [("tasks", "0011_repair_plan_and_reopening")]

    operations = [migrations.RunPython(count, forget)]
