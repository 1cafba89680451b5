from events import register

register("freelancer.added", {"person"})
register("pool.joined", {"company", "person"})
register("pool.left", {"company", "person"})
register("pool.removed", {"company", "person"})
register("pool.link_made", {"company", "link"})
register("pool.link_revoked", {"company", "link"})
