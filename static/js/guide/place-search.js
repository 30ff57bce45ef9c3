// Names while one types: a combobox around the search field, as WAI-ARIA describes it.
// Without this script the form searches as before.

const WAIT_MS = 120;

class PlaceSearch extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input");
    this.list = document.createElement("ul");
    this.list.className = "suggestions";
    this.list.id = `${this.input.id}-suggestions`;
    this.list.hidden = true;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", this.dataset.label);
    this.said = document.createElement("p");
    this.said.className = "only-heard";
    this.said.setAttribute("role", "status");
    this.append(this.list, this.said);
    for (const [name, value] of Object.entries({
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": this.list.id,
    })) {
      this.input.setAttribute(name, value);
    }
    this.active = -1;
    this.input.addEventListener("input", (event) => this.wait(event));
    this.input.addEventListener("compositionend", () => this.wait());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => this.choose(event.target.closest("li")));
  }

  wait() {
    clearTimeout(this.timer);
    this.asking?.abort();
    const words = this.input.value.trim();
    if (!words) {
      this.close();
      return;
    }
    this.timer = setTimeout(() => this.ask(words), WAIT_MS);
  }

  async ask(words) {
    this.asking = new AbortController();
    try {
      const address = `${this.dataset.suggest}?q=${encodeURIComponent(words)}`;
      const answer = await fetch(address, { signal: this.asking.signal });
      if (answer.ok) this.show((await answer.json()).places);
    } catch {
      // A newer question took its place, or there is no network: the form still searches.
      this.close();
    }
  }

  show(places) {
    if (document.activeElement !== this.input) return;
    this.active = -1;
    this.input.removeAttribute("aria-activedescendant");
    this.list.replaceChildren(...places.map((place, number) => this.option(place, number)));
    this.open(places.length > 0);
    this.said.textContent = places.length
      ? `${this.dataset.found} (${places.length})`
      : this.dataset.none;
  }

  option(place, number) {
    const option = document.createElement("li");
    option.id = `${this.list.id}-${number}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.dataset.url = place.url;
    const name = document.createElement("strong");
    name.textContent = place.name;
    const more = document.createElement("span");
    more.textContent = [place.other, place.region].filter(Boolean).join(" · ");
    option.append(name, more);
    return option;
  }

  key(event) {
    // While Hangul is being put together, the keys belong to the input method.
    if (event.isComposing) return;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps && !this.list.hidden) {
      event.preventDefault();
      this.move(steps[event.key]);
    } else if (event.key === "Enter" && this.active >= 0) {
      event.preventDefault();
      this.choose(this.list.children[this.active]);
    } else if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault();
      this.close();
    }
  }

  move(step) {
    const count = this.list.children.length;
    // One place before the first is the field itself.
    this.active = ((this.active + 1 + step + count + 1) % (count + 1)) - 1;
    for (const [number, option] of [...this.list.children].entries()) {
      option.setAttribute("aria-selected", String(number === this.active));
    }
    if (this.active < 0) {
      this.input.removeAttribute("aria-activedescendant");
      return;
    }
    this.input.setAttribute("aria-activedescendant", `${this.list.id}-${this.active}`);
    this.list.children[this.active].scrollIntoView({ block: "nearest" });
  }

  choose(option) {
    if (option) location.assign(option.dataset.url);
  }

  open(is) {
    this.list.hidden = !is;
    this.input.setAttribute("aria-expanded", String(is));
  }

  close() {
    this.active = -1;
    this.input.removeAttribute("aria-activedescendant");
    this.open(false);
  }
}

customElements.define("place-search", PlaceSearch);
