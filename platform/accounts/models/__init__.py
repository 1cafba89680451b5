from accounts.models.api_key import ApiKey
from accounts.models.company import Company, Membership, Store
from accounts.models.installation import Installation
from accounts.models.invitation import Invitation
from accounts.models.sign_in import EmailChange, KnownDevice
from accounts.models.user import User

__all__ = [
    "ApiKey",
    "Company",
    "EmailChange",
    "Installation",
    "Invitation",
    "KnownDevice",
    "Membership",
    "Store",
    "User",
]
