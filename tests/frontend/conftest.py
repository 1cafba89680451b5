"""A signed-in browser per person, without a browser."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from tests.factories import Cast, make_cast

SignedIn = Callable[[User], Client]


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def signed_in() -> SignedIn:
    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in
