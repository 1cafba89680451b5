from tests.emptylog import empty_log

__all__ = ["empty_log"]
