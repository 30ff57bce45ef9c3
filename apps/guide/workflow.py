"""What keeps a text from the public pages, and which state may follow which."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.catalogue.models import Landmark
from apps.catalogue.publication import Gate, gate, untold
from apps.guide.models import Article

State = Article.State
FOLLOWS: dict[str, tuple[str, ...]] = {
    State.DRAFT: (State.IN_REVIEW, State.PUBLISHED),
    State.IN_REVIEW: (State.DRAFT, State.PUBLISHED),
    State.PUBLISHED: (State.WITHDRAWN,),
    State.WITHDRAWN: (State.DRAFT, State.PUBLISHED),
}
# Two sentences in Korean; in English the same is longer.
SHORTEST_BODY = 40


def article_gate(article: Article) -> Gate:
    """Judge a text before publication."""
    landmark = Landmark.objects.select_related("region").with_facts().get(pk=article.landmark_id)
    named = landmark.names.filter(kind="official", language=article.language).exists()
    blockers, warnings = [], []
    if not named:
        blockers.append(_("the landmark has no name in the language of the text"))
    if landmark.redirected:
        blockers.append(_("it was merged into another landmark"))
    if landmark.state != Landmark.State.PUBLISHED:
        warnings.append(_("the landmark is not published, so nobody sees the text yet"))
        warnings += gate(landmark).blockers
    if not landmark.facts.photo:
        warnings.append(_("no photo to show"))
    if landmark.uncredited:
        warnings.append(_("a photo lacks the credit that its license asks for"))
    warnings += [untold(photo) for photo in landmark.untold]
    if not landmark.facts.coordinates:
        warnings.append(_("no coordinates"))
    if len(article.body.strip()) < SHORTEST_BODY:
        warnings.append(_("the text is very short"))
    return Gate(blockers, [text for text in dict.fromkeys(warnings) if text not in blockers])
