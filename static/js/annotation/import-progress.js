// Says how far an import is, until it is over; then the page shows how it went.

const PAUSE = 2000;

class ImportProgress extends HTMLElement {
  connectedCallback() {
    if (this.dataset.address) this.timer = setTimeout(() => this.ask(), PAUSE);
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
  }

  async ask() {
    try {
      const answer = await fetch(this.dataset.address, { headers: { Accept: "application/json" } });
      const { text, finished } = await answer.json();
      this.textContent = text;
      if (finished) return;
    } catch {
      // The line is down for a moment: ask again.
    }
    this.timer = setTimeout(() => this.ask(), PAUSE);
  }
}

customElements.define("import-progress", ImportProgress);
