from apps.guide.models.article import Article
from apps.guide.models.report import Report
from apps.guide.models.route import Route, RouteStop, RouteText

__all__ = ["Article", "Report", "Route", "RouteStop", "RouteText"]
