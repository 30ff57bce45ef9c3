/**
 * The signs on the map: a number for several places, a dot for one. A sign that stays where it
 * is survives a move of the map. The list holds the same places for keyboards and readers.
 */
export class Signs {
  #shown = new Map();
  #chosen = null;

  /** `onChoose` hears { slug, name, position } of a dot or { box, count } of a number. */
  constructor(map, onChoose) {
    this.map = map;
    this.onChoose = onChoose;
  }

  /** Points are [latitude, longitude, 1, slug, name] or [latitude, longitude, count, …box]. */
  show(points) {
    const wanted = new Map(points.map((point) => [point.join(), point]));
    for (const [key, sign] of this.#shown) {
      if (!wanted.has(key)) {
        sign.remove();
        this.#shown.delete(key);
      }
    }
    for (const [key, point] of wanted) {
      if (!this.#shown.has(key)) {
        this.#shown.set(key, this.#sign(point));
      }
    }
  }

  /** Return where the signs stand and how large they are. */
  spots() {
    return [...this.#shown.values()].map((sign) => ({
      latlng: sign.getLatLng(),
      size: sign.options.icon.options.iconSize[0],
    }));
  }

  /** Ring the spot that the list speaks of, and say its name; null ends it. */
  ring(position, name) {
    this.#chosen?.remove();
    this.#chosen = null;
    if (position) {
      const icon = window.L.divIcon({ className: "map-ring", iconSize: [30, 30] });
      this.#chosen = window.L.marker(position, {
        icon,
        interactive: false,
        keyboard: false,
        zIndexOffset: 1000,
      })
        .bindTooltip(textOf(name), { permanent: true, direction: "top", offset: [0, -14] })
        .addTo(this.map);
    }
  }

  #sign(point) {
    const [latitude, longitude, count, ...rest] = point;
    const one = count === 1;
    const size = one ? 22 : Math.min(36 + Math.log10(count) * 9, 66);
    const inside = document.createElement("span");
    inside.textContent = one ? "" : shortened(count);
    const icon = window.L.divIcon({
      className: one ? "map-sign" : "map-sign map-sign-many",
      html: inside,
      iconSize: [size, size],
    });
    const sign = window.L.marker([latitude, longitude], { icon, keyboard: false });
    if (one) {
      const [slug, name] = rest;
      sign.bindTooltip(textOf(name), { direction: "top", offset: [0, -10] });
      sign.on("click", () => this.onChoose({ slug, name, position: [latitude, longitude] }));
    } else {
      const [west, south, east, north] = rest;
      sign.on("click", () => this.onChoose({ box: { west, south, east, north }, count }));
    }
    return sign.addTo(this.map);
  }
}

/** Leaflet writes strings as HTML; a name is text. */
function textOf(name) {
  const text = document.createElement("span");
  text.textContent = name;
  return text;
}

/** Return 12,345 as 12k: a sign has little room, the list says the number. */
function shortened(count) {
  return count < 1000 ? String(count) : `${(count / 1000).toFixed(count < 10_000 ? 1 : 0)}k`;
}
