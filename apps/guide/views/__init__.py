from apps.guide.views.errors import bad_request, csrf_failed, forbidden, not_found, server_error

__all__ = ["bad_request", "csrf_failed", "forbidden", "not_found", "server_error"]
