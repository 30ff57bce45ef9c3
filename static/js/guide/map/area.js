/** Shows one district or province on the map: the one that the list speaks of. */

const NONE = { stroke: false, interactive: false, fillOpacity: 0.22, className: "map-area" };

export class Area {
  #layer = null;

  constructor(map) {
    this.map = map;
  }

  /** Show a province, or one district of it by its Korean name. */
  show(outlines, province, district) {
    this.clear();
    const chosen = outlines.districts.filter(
      (each) => each.province === province && (!district || each.ko === district),
    );
    const rings = chosen.flatMap((each) => each.rings.map(positions));
    if (rings.length) {
      const red = getComputedStyle(this.map.getContainer()).getPropertyValue("--red");
      this.#layer = window.L.polygon(
        rings.map((ring) => [ring]),
        { ...NONE, fillColor: red },
      ).addTo(this.map);
    }
  }

  clear() {
    this.#layer?.remove();
    this.#layer = null;
  }
}

function positions(ring) {
  const found = [];
  for (let at = 0; at < ring.length; at += 2) {
    const north = (0.5 - ring[at + 1]) * 2 * Math.PI;
    const latitude = (Math.atan(Math.exp(north)) * 360) / Math.PI - 90;
    found.push([latitude, (ring[at] - 0.5) * 360]);
  }
  return found;
}
