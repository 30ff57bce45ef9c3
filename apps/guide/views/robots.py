from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

# The form may be found; what visitors sent may not.
LINES = """User-agent: *
Allow: /recognize/$
Disallow: /recognize/
Allow: /en/recognize/$
Disallow: /en/recognize/
Disallow: /admin/
Disallow: /accounts/
Disallow: /annotate/
Disallow: /api/
"""


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    sitemap = f"Sitemap: {request.build_absolute_uri('/sitemap.xml')}\n"
    return HttpResponse(f"{LINES}\n{sitemap}", content_type="text/plain; charset=utf-8")
