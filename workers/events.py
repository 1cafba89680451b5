from events import register

register("freelancer.added", {"person"})
register("pool.joined", {"company", "person"})
