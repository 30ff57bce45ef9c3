import { Area } from "./map/area.js";
import { Labels } from "./map/labels.js";
import { loadOutlines } from "./map/outlines.js";
import { outlineLayer } from "./map/outline-layer.js";
import { Signs } from "./map/signs.js";

const LIMITS = [
  [30, 119],
  [42, 137],
];
// A move that goes on asks nothing.
const REST_MS = 180;
const LARGEST_ZOOM = 17;

/** Wakes the map page: signs and list follow the part of the map in view, so does the address. */
class PlaceMap extends HTMLElement {
  #asked = null;
  #outlines = null;
  #timer = 0;
  #heard = false;

  connectedCallback() {
    this.list = this.#part("list");
    // In steps, so that a slow phone answers between them.
    setTimeout(() => {
      this.map = this.#makeMap();
      setTimeout(() => this.#wake());
    });
  }

  #wake() {
    this.area = new Area(this.map);
    this.signs = new Signs(this.map, (chosen) => this.#choose(chosen));
    this.map.on("moveend", () => this.#rest());
    for (const event of ["pointerover", "focusin"]) {
      this.list.addEventListener(event, ({ target }) => this.#pointAt(target));
    }
    for (const event of ["pointerleave", "focusout"]) {
      this.list.addEventListener(event, () => this.#pointAt(null));
    }
    this.list.addEventListener("click", (event) => this.#clicked(event));
    const handle = this.#part("handle");
    handle.addEventListener("click", () => this.#openSheet(!this.hasAttribute("data-open")));
    this.#drawGround();
    this.#rest();
  }

  #makeMap() {
    const { L } = window;
    const map = L.map(this.#part("map"), {
      minZoom: 6,
      maxZoom: LARGEST_ZOOM,
      maxBounds: LIMITS,
      zoomControl: false,
      zoomSnap: 0.25,
    });
    const { nearer, farther } = this.dataset;
    L.control.zoom({ zoomInTitle: nearer, zoomOutTitle: farther }).addTo(map);
    map.attributionControl.setPrefix(false).addAttribution(this.dataset.source);
    L.control.scale({ imperial: false }).addTo(map);
    map.fitBounds(boundsOf(this.dataset.box), { padding: [12, 12], maxZoom: 15, animate: false });
    this.#showNear(map);
    return map;
  }

  #showNear(map) {
    if (!this.dataset.near) {
      return;
    }
    const here = this.dataset.near.split(",").map(Number);
    const icon = window.L.divIcon({ className: "map-here", iconSize: [20, 20] });
    const circle = { radius: Number(this.dataset.radius), className: "map-circle" };
    const ring = window.L.circle(here, { ...circle, interactive: false }).addTo(map);
    window.L.marker(here, { icon, keyboard: false }).bindTooltip(this.dataset.here).addTo(map);
    map.fitBounds(ring.getBounds(), { animate: false });
  }

  async #drawGround() {
    try {
      this.#outlines = await loadOutlines(this.dataset.outlines);
    } catch {
      return;
    }
    outlineLayer(this.#outlines, this).addTo(this.map);
    if (this.dataset.tiles) {
      window.L.tileLayer(this.dataset.tiles, { maxZoom: 19 }).addTo(this.map);
    } else {
      this.labels = new Labels(this.map, this.#outlines, this.dataset.language);
      this.labels.write(this.signs.spots());
    }
  }

  #rest() {
    clearTimeout(this.#timer);
    this.list.setAttribute("aria-busy", "true");
    this.#timer = setTimeout(() => this.#ask(), REST_MS);
  }

  async #ask() {
    const view = this.map.getBounds();
    const edges = [view.getWest(), view.getSouth(), view.getEast(), view.getNorth()];
    const box = edges.map((edge) => edge.toFixed(4)).join();
    const query = new URLSearchParams(this.dataset.filters);
    query.set("bbox", box);
    if (this.#heard) {
      // The address of this very view; the first one stays as it was given.
      history.replaceState(history.state, "", `?${query.toString().replaceAll("%2C", ",")}`);
    }
    query.set("zoom", Math.round(this.map.getZoom()));
    this.#asked?.abort();
    this.#asked = new AbortController();
    try {
      const answer = await fetch(`${this.dataset.points}?${query}`, { signal: this.#asked.signal });
      if (!answer.ok) {
        throw new Error(`The points answer ${answer.status}.`);
      }
      this.#show(await answer.json());
    } catch (error) {
      if (error.name !== "AbortError") {
        this.#fail(this.dataset.failed);
        this.list.setAttribute("aria-busy", "false");
      }
    }
  }

  #show({ points, list }) {
    this.#fail("");
    this.signs.show(points);
    this.labels?.write(this.signs.spots());
    this.area.clear();
    this.signs.ring(null);
    const inside = this.list.contains(document.activeElement);
    this.list.innerHTML = list;
    this.list.scrollTop = 0;
    const count = this.#part("count");
    if (inside) {
      count.focus({ preventScroll: true });
    } else if (this.#heard) {
      this.#part("heard").textContent = count.textContent;
    }
    this.#heard = true;
    this.list.setAttribute("aria-busy", "false");
  }

  #fail(text) {
    this.#part("failed").textContent = text;
    this.#part("failed").hidden = !text;
  }

  #pointAt(target) {
    const place = target?.closest("[data-position]");
    const region = target?.closest("[data-box]");
    for (const each of this.list.querySelectorAll("[data-pointed]")) {
      each.removeAttribute("data-pointed");
    }
    if (place) {
      place.toggleAttribute("data-pointed", true);
      const position = place.dataset.position.split(",").map(Number);
      this.signs.ring(position, place.querySelector("h3").textContent);
    } else {
      this.signs.ring(null);
    }
    if (region && this.#outlines) {
      this.area.show(this.#outlines, region.dataset.province, region.dataset.district);
    } else {
      this.area.clear();
    }
  }

  /** With the map, a region in the list is a part of it to look at; without, it is a filter. */
  #clicked(event) {
    const region = event.target.closest("a[data-box]");
    if (region && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      this.map.fitBounds(boundsOf(region.dataset.box), { padding: [30, 30], maxZoom: 15 });
    }
  }

  #choose({ slug, name, position, box }) {
    if (slug) {
      const link = document.createElement("a");
      link.href = this.dataset.place.replace("/0/", `/${slug}/`);
      link.textContent = name;
      window.L.popup({ closeButton: false, offset: [0, -6] })
        .setLatLng(position)
        .setContent(link)
        .openOn(this.map);
      const place = this.list.querySelector(`[data-landmark="${CSS.escape(slug)}"]`);
      place?.scrollIntoView({ block: "nearest" });
      this.#pointAt(place);
      return;
    }
    const bounds = window.L.latLngBounds([box.south, box.west], [box.north, box.east]);
    const zoom = Math.max(this.map.getBoundsZoom(bounds.pad(0.2)), this.map.getZoom() + 1);
    if (this.map.getZoom() < LARGEST_ZOOM) {
      this.map.setView(bounds.getCenter(), Math.min(zoom, LARGEST_ZOOM));
    } else {
      this.#openSheet(true);
      this.#goTo([...this.list.querySelectorAll("[data-position]")].find(within(bounds)));
    }
  }

  #goTo(place) {
    if (place) {
      place.scrollIntoView({ block: "nearest" });
      place.querySelector("h3 a").focus({ preventScroll: true });
    }
  }

  #openSheet(open) {
    this.toggleAttribute("data-open", open);
    this.#part("handle").setAttribute("aria-expanded", String(open));
  }

  #part(name) {
    return this.querySelector(`[data-part="${name}"]`);
  }
}

function boundsOf(text) {
  const [west, south, east, north] = text.split(",").map(Number);
  return [
    [south, west],
    [north, east],
  ];
}

function within(bounds) {
  return (place) => bounds.pad(0.01).contains(place.dataset.position.split(",").map(Number));
}

customElements.define("place-map", PlaceMap);
