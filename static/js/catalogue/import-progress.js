// Shows how far an import is, and shows its result by itself when it is done.
// Without script the page reloads every few seconds.

const SECOND = 1000;

class ImportProgress extends HTMLElement {
  connectedCallback() {
    this.bar = this.querySelector("progress");
    this.said = this.querySelector("p");
    this.timer = setInterval(() => this.ask(), SECOND);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  async ask() {
    if (this.asking) return;
    this.asking = true;
    try {
      const answer = await fetch(this.dataset.url, { headers: { Accept: "application/json" } });
      // Somebody signed out, or it is gone: the page says which.
      if (!answer.ok) location.reload();
      else this.show(await answer.json());
    } catch {
      this.said.textContent = this.dataset.broken;
    } finally {
      this.asking = false;
    }
  }

  show({ working, state, handled, rows, waits_for: waitsFor }) {
    if (!working || state !== this.dataset.state) {
      clearInterval(this.timer);
      location.reload();
      return;
    }
    if (rows) {
      this.bar.max = rows;
      this.bar.value = handled;
    }
    const count = `${handled.toLocaleString()}${rows ? ` / ${rows.toLocaleString()}` : ""}`;
    this.said.textContent = waitsFor ? `${this.dataset.waits} ${waitsFor}` : count;
  }
}

customElements.define("import-progress", ImportProgress);
