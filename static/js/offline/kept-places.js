import { canKeep, drop, keep, keptPlaces } from "./kept.js";

/** The list of what this browser keeps, with the day each is from. */
class KeptPlaces extends HTMLElement {
  connectedCallback() {
    this.language = document.documentElement.lang;
    this.#show();
  }

  #show() {
    const places = canKeep() ? keptPlaces() : [];
    const list = this.querySelector("ul");
    const model = this.querySelector("template");
    list.replaceChildren(...places.map((place) => this.#entry(model, place)));
    this.querySelector("[data-part=none]").hidden = places.length > 0;
    this.querySelector("[data-part=unable]").hidden = canKeep();
  }

  #entry(model, place) {
    const entry = model.content.firstElementChild.cloneNode(true);
    entry.dataset.landmark = place.slug;
    const link = entry.querySelector("a");
    const prefix = this.language === "ko" ? "/landmarks/" : `/${this.language}/landmarks/`;
    link.href = place.pages.find((path) => path.startsWith(prefix)) || place.pages[0];
    link.textContent = place.name;
    entry.querySelector("[data-part=about]").textContent = place.about;
    const time = entry.querySelector("time");
    time.dateTime = place.at;
    time.textContent = new Date(place.at).toLocaleDateString(this.language, { dateStyle: "long" });
    const picture = entry.querySelector("img");
    picture.hidden = !place.picture;
    if (place.picture) {
      picture.src = place.picture;
    }
    const [again, away] = entry.querySelectorAll("button");
    again.addEventListener("click", () => this.#refresh(place, again));
    away.addEventListener("click", () => this.#drop(place));
    for (const button of [again, away]) {
      button.setAttribute("aria-label", `${button.textContent}: ${place.name}`);
    }
    return entry;
  }

  async #refresh(place, button) {
    button.disabled = true;
    try {
      await keep(place);
      this.#say(this.dataset.refreshed);
    } catch {
      this.#say(this.dataset.failed);
    }
    this.#show();
  }

  async #drop(place) {
    await drop(place.slug);
    this.#say(this.dataset.dropped);
    this.#show();
    this.querySelector("h1, h2")?.focus();
  }

  #say(text) {
    this.querySelector("[role=status]").textContent = text;
  }
}

customElements.define("kept-places", KeptPlaces);
