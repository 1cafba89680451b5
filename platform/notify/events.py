from events import register

register("notice.made", {"notice"})
register("notice.read", {"notice"})
