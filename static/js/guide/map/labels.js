/** Writes names of provinces, from nearer those of districts, where the view has room. */

const FROM_DISTRICTS = 9;
const MOST = 40;
// Half of what a letter takes, in points of the screen.
const LETTER = { ko: 7, en: 4, high: 10 };
// Where a name may stand: a little off its place, never so far that it names a neighbour.
const STEPS = [
  [0, 0],
  [0, 30],
  [0, -30],
];

export class Labels {
  #shown = window.L.layerGroup();

  constructor(map, outlines, language) {
    this.map = map;
    this.outlines = outlines;
    this.language = language === "ko" ? "ko" : "en";
    // Under the signs of places, and never in the way of a tap.
    map.createPane("names").style.zIndex = 450;
    map.getPane("names").style.pointerEvents = "none";
    this.#shown.addTo(map);
  }

  /** Write the names that touch neither each other nor the signs, { latlng, size } each. */
  write(signs) {
    this.#shown.clearLayers();
    const near = this.map.getZoom() >= FROM_DISTRICTS;
    const view = this.map.getBounds();
    const taken = signs.map(({ latlng, size }) => {
      const { x, y } = this.map.latLngToContainerPoint(latlng);
      return { x, y, width: size / 2, height: size / 2 };
    });
    let written = 0;
    for (const each of near ? this.outlines.districts : this.outlines.provinces) {
      const name = each[this.language];
      if (!name || !view.contains(each.at) || written >= MOST) {
        continue;
      }
      const { x, y } = this.map.latLngToContainerPoint(each.at);
      const room = { width: name.length * LETTER[this.language] + 3, height: LETTER.high };
      const step = STEPS.map(([right, down]) => ({ x: x + right, y: y + down, ...room })).find(
        (spot) => taken.every((other) => apart(other, spot)),
      );
      if (step) {
        taken.push(step);
        written += 1;
        const at = this.map.containerPointToLatLng([step.x, step.y]);
        this.#shown.addLayer(this.#label(at, name, near));
      }
    }
  }

  #label(at, name, near) {
    const text = document.createElement("span");
    text.textContent = name;
    const icon = window.L.divIcon({
      className: near ? "map-name map-name-district" : "map-name",
      html: text,
      iconSize: [0, 0],
    });
    return window.L.marker(at, { icon, interactive: false, keyboard: false, pane: "names" });
  }
}

function apart(one, other) {
  return (
    Math.abs(one.x - other.x) > one.width + other.width ||
    Math.abs(one.y - other.y) > one.height + other.height
  );
}
