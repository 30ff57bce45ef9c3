from apps.guide.models.article import Article
from apps.guide.models.route import Route, RouteStop, RouteText

__all__ = ["Article", "Route", "RouteStop", "RouteText"]
