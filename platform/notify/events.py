from events import register

register("notice.made", {"notice"})
register("notice.read", {"notice"})
# Only of kinds that a clock waits for.
register("notice.handed_over", {"notice"})
register("mail.refused", set())
