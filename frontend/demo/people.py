"""The invented people of the demo."""

from accounts.domain.members import give_role
from accounts.domain.people import add_person, add_store
from accounts.models import Store, User
from accounts.states import Role
from frontend.demo.products import STORE
from kernel.clock import now
from workers.domain.freelancers import add_to_pool, make_freelancer

PASSWORD = "tencho-demo"  # invented people on one's own machine
COMPANY = "はなれ株式会社"
# name in the address, name, role
MEMBERS = [
    ("aya", "佐藤 綾", Role.DIRECTOR),
    ("dai", "田中 大", Role.REVIEWER),
    ("megumi", "伊藤 恵", Role.REVIEWER),
    ("ben", "鈴木 勉", Role.STAFF),
    ("yui", "小林 結", Role.STAFF),
]
# The last one is in nobody's pool: sees only what is open to everyone.
FREELANCERS = [("chie", "高橋 千絵"), ("fumi", "渡辺 史"), ("goro", "山本 五郎"), ("hana", "中村 花")]
LABELS = {
    Role.DIRECTOR: "店長 / director",
    Role.REVIEWER: "検収者 / reviewer",
    Role.STAFF: "スタッフ / staff",
}


def make_people() -> tuple[Store, dict[str, User]]:
    """One company with one store, its members, and four freelancers, three of them in the pool."""
    store = add_store(company=COMPANY, name=STORE, by=None, now=now())
    people = {}
    for short, name, role in MEMBERS:
        people[short] = _user(short, name)
        give_role(store=store, user=people[short], role=role, by=None, now=now())
    for short, name in FREELANCERS:
        people[short] = _user(short, name)
        make_freelancer(user=people[short], by=None, now=now())
    for short, _name in FREELANCERS[:-1]:
        add_to_pool(company=store.company, user=people[short], by=people["aya"], now=now())
    return store, people


def _user(short: str, name: str) -> User:
    return add_person(email=address(short), name=name, password=PASSWORD, by=None, now=now())


def address(short: str) -> str:
    return f"{short}@demo.example"


def sign_ins() -> str:
    """The lines that `serve` prints below its address."""
    rows = [(address(short), LABELS[role], name) for short, name, role in MEMBERS]
    rows += [(address(short), "フリーランス / freelancer", name) for short, name in FREELANCERS]
    lines = [f"  {mail:<22} {label:<24} {name}" for mail, label, name in rows]
    return "\n".join([f"Demo sign-ins, password for all: {PASSWORD}", *lines])
