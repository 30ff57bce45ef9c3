import { call } from "./task-api.js";

const PAUSE = 200;

/** Lets the annotator say that another place is seen: one of ours, or a name we do not have. */
class PlaceSearch extends HTMLElement {
  #expected = null;
  #chosen = null;
  #asked = 0;

  connectedCallback() {
    this.field = this.querySelector("input");
    this.list = this.querySelector("[data-part=found]");
    this.field.addEventListener("input", () => this.#typed());
    // These keys are for the search; the picture must not take them for its own.
    this.querySelector("[data-part=search]").addEventListener("keydown", (event) => {
      event.stopPropagation();
      this.#key(event);
    });
    this.querySelector("[data-act=change]").addEventListener("click", () => this.#open());
    this.querySelector("[data-act=keep]").addEventListener("click", () => this.#choose(null));
  }

  /** Show the place that the task expects, and what a draft said instead. */
  show(expected, chosen = null) {
    this.#expected = expected;
    this.#choose(chosen, { quiet: true });
  }

  /** What to submit: {}, {landmark: id} or {other: text}. */
  get value() {
    if (this.#chosen?.id) {
      return { landmark: this.#chosen.id };
    }
    return this.#chosen?.other ? { other: this.#chosen.other } : {};
  }

  get chosen() {
    return this.#chosen;
  }

  #open() {
    this.#part("search").hidden = false;
    this.field.focus();
  }

  /** Arrows walk through what was found, Enter takes its first entry, Escape closes. */
  #key(event) {
    const entries = [...this.list.querySelectorAll("button")];
    const at = entries.indexOf(event.target);
    if (event.key === "Escape") {
      this.#choose(this.#chosen);
    } else if (event.key === "Enter" && event.target === this.field) {
      entries[0]?.click();
    } else if (event.key === "ArrowDown" && entries.length) {
      entries[(at + 1) % entries.length].focus();
    } else if (event.key === "ArrowUp" && entries.length) {
      entries.at(at < 0 ? -1 : at - 1).focus();
    } else {
      return;
    }
    event.preventDefault();
  }

  async #typed() {
    const text = this.field.value.trim();
    const asked = ++this.#asked;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    if (asked !== this.#asked) {
      return;
    }
    let found = [];
    if (text) {
      try {
        found = (await call(`landmarks?q=${encodeURIComponent(text)}`, {}, "GET")).results;
      } catch {
        found = [];
      }
    }
    if (asked === this.#asked) {
      const entries = found.map((place) => this.#entry(place, place.name, place.region));
      if (text) {
        entries.push(this.#entry({ other: text }, text, this.dataset.notOurs));
      }
      this.list.replaceChildren(...entries);
    }
  }

  #entry(place, name, note) {
    const button = document.createElement("button");
    button.type = "button";
    const small = document.createElement("small");
    small.textContent = note;
    button.append(name, " ", small);
    button.addEventListener("click", () => this.#choose(place));
    const item = document.createElement("li");
    item.append(button);
    return item;
  }

  #choose(place, { quiet = false } = {}) {
    this.#chosen = place;
    this.#asked += 1;
    this.field.value = "";
    this.list.replaceChildren();
    this.#part("search").hidden = true;
    this.#part("name").textContent =
      place?.name ?? place?.other ?? this.#expected?.name ?? this.dataset.unknown;
    this.#part("name").toggleAttribute("data-changed", Boolean(place));
    this.querySelector("[data-act=keep]").hidden = !place;
    if (!quiet) {
      this.dispatchEvent(new Event("placechange"));
      this.querySelector("[data-act=change]").focus();
    }
  }

  #part(name) {
    return this.querySelector(`[data-part=${name}]`);
  }
}

customElements.define("place-search", PlaceSearch);
