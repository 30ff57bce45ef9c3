from apps.guide.admin.articles import ArticleAdmin
from apps.guide.admin.reports import ReportAdmin
from apps.guide.admin.routes import RouteAdmin

__all__ = ["ArticleAdmin", "ReportAdmin", "RouteAdmin"]
