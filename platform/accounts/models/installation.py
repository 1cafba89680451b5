from django.db import models
from django.utils.translation import gettext_lazy as _


class Installation(models.Model):
    """What the operator has decided for everybody: the one row of this table."""

    mfa_for_directors = models.BooleanField(_("directors need a second step to sign in"), default=False)
    open_sign_up = models.BooleanField(_("anybody may make an account"), default=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="installation_once")]

    def __str__(self) -> str:
        return "installation"
