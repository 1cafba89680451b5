from django.db import models
from django.db.models import Q

from tasks.operations import DataClass, Group


class StorePlan(models.Model):
    """With what a store reckons in its plan; one without reckons with `tasks.domain.planner.DEFAULTS`."""

    store = models.OneToOneField("accounts.Store", on_delete=models.CASCADE, related_name="plan")
    hourly_wage = models.PositiveIntegerField(help_text="yen an hour of the store's own people costs")
    review_percent = models.PositiveSmallIntegerField(help_text="of the work time, to check what came back")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(hourly_wage__gte=1, hourly_wage__lte=100_000), name="store_plan_wage_in_bounds"
            ),
            models.CheckConstraint(condition=Q(review_percent__lte=100), name="store_plan_review_per_cent"),
        ]

    def __str__(self) -> str:
        return f"plan of {self.store_id}"


class StoreOperation(models.Model):
    """What a store says of an operation: of the catalogue's, or of one that it added itself (`own`).

    What is empty stands as the catalogue has it.
    """

    store = models.ForeignKey("accounts.Store", on_delete=models.CASCADE, related_name="operations")
    slug = models.SlugField(max_length=60)
    own = models.BooleanField(default=False)
    # The store's words, in its own language, and the heading; of its own operations alone.
    name = models.CharField(max_length=100, blank=True)
    group = models.CharField(max_length=10, choices=Group.choices, blank=True)
    hidden = models.BooleanField(default=False)
    core = models.BooleanField(null=True, blank=True)
    pii = models.CharField(max_length=2, choices=DataClass.choices, blank=True)
    volume = models.PositiveIntegerField(null=True, blank=True, help_text="units a month")
    minutes = models.DecimalField(
        max_digits=7, decimal_places=2, null=True, blank=True, help_text="of work per unit"
    )
    price = models.DecimalField(
        max_digits=9, decimal_places=2, null=True, blank=True, help_text="yen per unit"
    )
    template = models.SlugField(max_length=60, blank=True, db_index=False, help_text="key of its template")
    changed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "slug"], name="store_operation_once"),
            models.UniqueConstraint(
                fields=["store", "template"], condition=~Q(template=""), name="store_operation_template_once"
            ),
            models.CheckConstraint(
                condition=Q(pii__in=["", *DataClass.values]), name="store_operation_class"
            ),
            models.CheckConstraint(
                condition=Q(own=False, name="", group="")
                | Q(own=True, core__isnull=False, group__in=Group.values) & ~Q(name="") & ~Q(pii=""),
                name="store_operation_own_is_complete",
            ),
            models.CheckConstraint(
                condition=Q(minutes=None) | Q(minutes__gte=0), name="store_operation_minutes_positive"
            ),
            models.CheckConstraint(
                condition=Q(price=None) | Q(price__gte=0), name="store_operation_price_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.slug
