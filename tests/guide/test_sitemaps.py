"""Sitemaps and feeds, read by libraries that know nothing of this portal."""

from __future__ import annotations

import feedparser
import pytest
from lxml import etree

from apps.catalogue.content import settle_changes
from apps.catalogue.models import Landmark
from tests.factories.catalogue import LandmarkFactory
from tests.factories.guide import ArticleFactory, RouteFactory

pytestmark = pytest.mark.django_db
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
NAMES = {"s": SITEMAP, "x": "http://www.w3.org/1999/xhtml"}
DATE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00"
# The protocol in a page of RELAX NG.
SCHEMA = etree.RelaxNG(
    etree.fromstring(
        f"""
<grammar xmlns="http://relaxng.org/ns/structure/1.0" ns="{SITEMAP}"
         datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes">
  <start><choice>
    <element name="sitemapindex"><oneOrMore><element name="sitemap"><ref name="loc"/></element>
      </oneOrMore></element>
    <element name="urlset"><zeroOrMore><element name="url">
      <ref name="loc"/>
      <optional><element name="lastmod">
        <data type="string"><param name="pattern">{DATE}</param></data></element></optional>
      <zeroOrMore><element name="link" ns="{NAMES["x"]}">
        <attribute name="rel" ns=""><value>alternate</value></attribute>
        <attribute name="hreflang" ns=""><data type="language"/></attribute>
        <attribute name="href" ns=""><data type="anyURI"/></attribute>
      </element></zeroOrMore>
    </element></zeroOrMore></element>
  </choice></start>
  <define name="loc"><element name="loc"><data type="anyURI">
    <param name="pattern">https?://[^ ]+</param></data></element></define>
</grammar>"""
    )
)


def sitemap(client, path: str):
    answer = client.get(path)
    assert answer.status_code == 200
    content = answer.getvalue()
    tree = etree.fromstring(content)
    SCHEMA.assertValid(tree)
    return tree


def addresses(tree) -> list[str]:
    return tree.xpath("//s:loc/text()", namespaces=NAMES)


def test_the_index_leads_to_every_page_of_every_language(client):
    landmark = LandmarkFactory(slug="tower")
    LandmarkFactory(slug="korean-only")
    LandmarkFactory(slug="hidden", state="draft")
    ArticleFactory(landmark=landmark)
    ArticleFactory(landmark=landmark, language="en")
    RouteFactory(slug="along", texts={"ko": "길", "en": "Way"})

    parts = addresses(sitemap(client, "/sitemap.xml"))
    listed = [address for part in parts for address in addresses(sitemap(client, part))]

    site = "http://testserver"
    assert len(listed) == len(set(listed))
    assert {each.removeprefix(site) for each in listed} == {
        *("/", "/en/", "/landmarks/", "/en/landmarks/", "/routes/", "/en/routes/"),
        *("/recognize/", "/en/recognize/", "/routes/along/", "/en/routes/along/"),
        *("/landmarks/tower/", "/en/landmarks/tower/", "/landmarks/korean-only/"),
    }
    for address in listed:
        assert client.get(address.removeprefix(site)).status_code == 200


def test_each_address_names_its_other_languages_and_its_last_change(client):
    landmark = LandmarkFactory(slug="tower")
    ArticleFactory(landmark=landmark, language="en")

    tree = sitemap(client, "/sitemap-places-1.xml")

    for url in tree.findall("s:url", NAMES):
        assert {
            link.get("hreflang"): link.get("href") for link in url.findall("x:link", NAMES)
        } == {
            "ko": "http://testserver/landmarks/tower/",
            "en": "http://testserver/en/landmarks/tower/",
        }
    assert len(tree.xpath("//s:lastmod", namespaces=NAMES)) == 2


def test_a_large_catalogue_has_several_parts(client, monkeypatch):
    monkeypatch.setattr("apps.guide.views.sitemaps.LANDMARKS_A_PART", 2)
    LandmarkFactory.create_batch(5)

    parts = [each for each in addresses(sitemap(client, "/sitemap.xml")) if "places" in each]

    assert len(parts) == 3
    assert sum(len(addresses(sitemap(client, part))) for part in parts) == 5
    for number in ("0", "4", "9" * 30):
        assert client.get(f"/sitemap-places-{number}.xml").status_code == 404


def test_robots_learn_where_the_sitemap_is(client):
    assert "Sitemap: http://testserver/sitemap.xml" in client.get("/robots.txt").content.decode()


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_the_feed_of_new_places_is_read_in_its_language(client, prefix):
    landmark = LandmarkFactory(slug="tower", names={"ko": "탑 & <대>", "en": "Tower & <Hall>"})
    LandmarkFactory(slug="hidden", state="draft")
    ArticleFactory(landmark=landmark, language="en", body="A tower. More.")

    answer = client.get(f"{prefix}/feeds/new.atom")
    feed = feedparser.parse(answer.content)

    assert not feed.bozo
    assert feed.version == "atom10"
    assert feed.feed.language == ("en" if prefix else "ko")
    (entry,) = feed.entries
    assert entry.title == ("Tower & <Hall>" if prefix else "탑 & <대>")
    assert entry.link == f"http://testserver{prefix}/landmarks/tower/"
    assert entry.summary == "A tower."
    assert entry.updated_parsed
    assert client.get(f"{prefix}/feeds/new.atom", headers={"If-None-Match": answer["ETag"]})
    found = client.get(f"{prefix}/").content.decode()
    assert f'type="application/atom+xml" title="{feed.feed.title.split(" · ")[0]}"' in found


def test_what_changed_comes_first_in_the_other_feed(client):
    for slug in ("one", "two"):
        LandmarkFactory(slug=slug)
    settle_changes()
    Landmark.objects.filter(slug="one").update(address="다른 곳")
    settle_changes()

    feed = feedparser.parse(client.get("/feeds/changed.atom").content)

    assert [entry.link.split("/")[-2] for entry in feed.entries] == ["one", "two"]
