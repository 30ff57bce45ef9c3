/**
 * Turns the sketch of a place into a map that moves, once the visitor asks for it: the map's
 * program, outlines and neighbours are fetched only then.
 */
import { Labels } from "./map/labels.js";
import { outlineLayer } from "./map/outline-layer.js";
import { loadOutlines } from "./map/outlines.js";

const ZOOM = 10;

class NearMap extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector("button");
    this.button.hidden = false;
    this.button.addEventListener("click", () => this.#open());
  }

  async #open() {
    this.button.disabled = true;
    try {
      await Promise.all([style(this.dataset.style), script(this.dataset.script)]);
      const outlines = await loadOutlines(this.dataset.outlines);
      this.#show(outlines);
    } catch {
      this.querySelector("[role=status]").textContent = this.dataset.failed;
      this.button.disabled = false;
    }
  }

  #show(outlines) {
    const { L } = window;
    const ground = document.createElement("div");
    ground.className = "map-canvas near-map-canvas";
    ground.setAttribute("role", "region");
    ground.setAttribute("aria-label", this.dataset.name);
    this.closest("figure").querySelector("picture").replaceWith(ground);
    const here = this.dataset.position.split(",").map(Number);
    const map = L.map(ground, { minZoom: 6, maxZoom: 17, zoomControl: false });
    L.control
      .zoom({ zoomInTitle: this.dataset.nearer, zoomOutTitle: this.dataset.farther })
      .addTo(map);
    L.control.scale({ imperial: false }).addTo(map);
    map.attributionControl.setPrefix(false);
    map.setView(here, ZOOM);
    outlineLayer(outlines, ground).addTo(map);
    const labels = new Labels(map, outlines, document.documentElement.lang);
    const write = () => labels.write([{ latlng: here, size: 30 }]);
    map.on("moveend", write);
    write();
    const pin = L.divIcon({ className: "map-sign map-sign-here", html: "<span></span>", iconSize: [30, 30] });
    L.marker(here, { icon: pin, keyboard: false, zIndexOffset: 500 }).addTo(map);
    this.hidden = true;
    this.#showNeighbours(map);
  }

  async #showNeighbours(map) {
    const shown = window.L.layerGroup().addTo(map);
    const view = map.getBounds();
    const box = [view.getWest(), view.getSouth(), view.getEast(), view.getNorth()];
    const query = new URLSearchParams({ bbox: box.map((edge) => edge.toFixed(4)), zoom: 15 });
    const answer = await fetch(`${this.dataset.points}?${query}`).catch(() => null);
    const points = answer?.ok ? (await answer.json()).points : [];
    for (const [latitude, longitude, count, slug, name] of points) {
      if (count === 1 && slug !== this.dataset.slug) {
        this.#neighbour([latitude, longitude], slug, name).addTo(shown);
      }
    }
  }

  #neighbour(position, slug, name) {
    const icon = window.L.divIcon({ className: "map-sign", html: "<span></span>", iconSize: [20, 20] });
    const link = document.createElement("a");
    link.href = this.dataset.place.replace("/0/", `/${slug}/`);
    link.textContent = name;
    return window.L.marker(position, { icon, keyboard: false }).bindPopup(link, {
      closeButton: false,
    });
  }
}

function style(address) {
  return added("link", { rel: "stylesheet", href: address });
}

function script(address) {
  return window.L ? Promise.resolve() : added("script", { src: address });
}

function added(tag, values) {
  return new Promise((resolve, reject) => {
    const element = Object.assign(document.createElement(tag), values);
    element.addEventListener("load", resolve, { once: true });
    element.addEventListener("error", reject, { once: true });
    document.head.append(element);
  });
}

customElements.define("near-map", NearMap);
