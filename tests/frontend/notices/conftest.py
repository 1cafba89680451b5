from tests.frontend.batches.conftest import cast, signed_in

__all__ = ["cast", "signed_in"]
