// A map that fills two coordinate fields: click, drag, or paste "37.5759, 126.9768".
// Without script the two fields work alone. Leaflet is loaded before as a plain script.

import { districtAt, parsePosition, sameDistrict } from "./places.js";

const KOREA = [
  [33.0, 124.6],
  [38.7, 131.0],
];

// A zoom that shows the streets around a place.
const NEAR = 14;

class PlacePicker extends HTMLElement {
  connectedCallback() {
    this.latitude = document.getElementById("id_latitude");
    this.longitude = document.getElementById("id_longitude");
    this.region = document.getElementById("id_region");
    if (!this.latitude || !this.longitude) return;
    this.said = this.querySelector("p");
    this.showMap();
    for (const field of [this.latitude, this.longitude]) {
      field.addEventListener("paste", (event) => this.paste(event));
      field.addEventListener("input", () => this.show());
      field.addEventListener("change", () => this.show(NEAR));
    }
    // The choice list of the theme tells of its changes through jQuery only.
    window.django?.jQuery?.(this.region).on("change", () => this.say());
    this.loadDistricts();
  }

  showMap() {
    const { L } = window;
    this.map = L.map(this.querySelector("div"), { minZoom: 6, maxZoom: 18 });
    this.map.attributionControl.setPrefix("Leaflet").addAttribution(this.dataset.source);
    this.map.fitBounds(KOREA);
    this.map.on("click", (event) => this.put(event.latlng));
    this.pin = L.marker([0, 0], {
      draggable: true,
      icon: L.icon({
        iconUrl: this.dataset.pin,
        shadowUrl: this.dataset.shadow,
        iconSize: [25, 41],
        iconAnchor: [12, 41],
        shadowSize: [41, 41],
      }),
      alt: "",
    });
    this.pin.on("dragend", () => this.put(this.pin.getLatLng()));
    this.show(12);
  }

  async loadDistricts() {
    const answer = await fetch(this.dataset.districts);
    if (!answer.ok) return;
    this.districts = (await answer.json()).features;
    window.L.geoJSON(this.districts, {
      interactive: false,
      // Borders that are simplified one by one would leave gaps.
      smoothFactor: 0,
      style: { color: "#7c8a80", weight: 1, fillColor: "#dfe9df", fillOpacity: 0.7 },
    })
      .addTo(this.map)
      .bringToBack();
    this.say();
  }

  position() {
    return parsePosition(`${this.latitude.value}, ${this.longitude.value}`);
  }

  put({ lat, lng }) {
    this.latitude.value = lat.toFixed(6);
    this.longitude.value = lng.toFixed(6);
    for (const field of [this.latitude, this.longitude]) {
      // As if typed: the page warns before it is left unsaved, and the pin is shown.
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  paste(event) {
    const position = parsePosition(event.clipboardData.getData("text"));
    if (!position) return;
    event.preventDefault();
    this.put(position);
    this.map.setView(position, NEAR);
  }

  show(zoom) {
    const position = this.position();
    if (position) {
      this.pin.setLatLng(position).addTo(this.map);
      if (zoom) this.map.setView(position, zoom);
      else if (!this.map.getBounds().contains(position)) this.map.panTo(position);
    } else {
      this.pin.remove();
    }
    this.say();
  }

  say() {
    const position = this.position();
    if (!position || !this.districts) {
      this.said.textContent = this.dataset.hint;
      this.said.classList.remove("admin-error");
      return;
    }
    const found = districtAt(this.districts, position);
    const chosen = this.region?.selectedOptions[0]?.text ?? "";
    const wrong = !found || (chosen && !sameDistrict(found, chosen));
    const place = found ? `${found.province} ${found.district}`.trim() : this.dataset.nowhere;
    this.said.textContent = wrong && found ? `${place}. ${this.dataset.mismatch}` : place;
    this.said.classList.toggle("admin-error", wrong);
  }
}

customElements.define("place-picker", PlacePicker);
