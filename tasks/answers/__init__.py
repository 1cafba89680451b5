"""Answer forms, machine checks and manuals: pure functions over JSON, without models or database."""
