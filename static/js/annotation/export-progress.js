import { call } from "./task-api.js";

const PAUSE = 1500;

/** The list of exports: says how far those are that are being made, and shows what is ready. */
class ExportProgress extends HTMLElement {
  connectedCallback() {
    this.waiting = [...this.querySelectorAll("[data-state=waiting]")];
    this.#later();
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
  }

  #later() {
    if (this.waiting.length) {
      this.timer = setTimeout(() => this.#ask(), PAUSE);
    }
  }

  async #ask() {
    try {
      const { waiting } = await call("exports", {}, "GET");
      const known = new Map(waiting.map((far) => [String(far.id), far]));
      if (this.waiting.some((item) => !known.has(item.dataset.export))) {
        location.reload();
        return;
      }
      for (const item of this.waiting) {
        this.#show(item, known.get(item.dataset.export));
      }
    } catch {
      // The line is down for a moment: ask again.
    }
    this.#later();
  }

  #show(item, { written, total }) {
    if (total === null) {
      return;
    }
    const bar = item.querySelector("progress");
    bar.max = total || 1;
    bar.value = written;
    const numbers = new Intl.NumberFormat(document.documentElement.lang);
    item.querySelector("[data-part=text]").textContent =
      `${numbers.format(written)} / ${numbers.format(total)}`;
  }
}

customElements.define("export-progress", ExportProgress);
