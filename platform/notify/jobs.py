"""What runs later: mail."""

from datetime import timedelta

from jobs import periodic
from kernel.clock import now


@periodic(every=timedelta(seconds=2), alone=True)
def send_mail() -> None:
    # The domain has models; this module is imported while apps are loading.
    from notify.domain.sending import send_due

    send_due(now=now())


@periodic(every=timedelta(hours=1))
def forget_old_mail() -> None:
    from notify.domain.sending import end_over, forget_old  # as above

    end_over(now=now())
    forget_old(now=now())
