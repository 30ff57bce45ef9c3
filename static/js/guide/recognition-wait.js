const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 15_000;

/** Asks for the answer in growing pauses and shows the page again once there is one. */
class RecognitionWait extends HTMLElement {
  connectedCallback() {
    this.#askAfter(FIRST_PAUSE);
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
  }

  #askAfter(pause) {
    this.timer = setTimeout(() => this.#ask(pause), pause);
  }

  async #ask(pause) {
    let status = "pending";
    try {
      const response = await fetch(window.location.href, {
        headers: { Accept: "application/json" },
        cache: "no-store",
      });
      // Deleted elsewhere counts as an end too: the page says so.
      status = response.ok ? (await response.json()).status : response.status === 410 ? "gone" : status;
    } catch {
      // Offline for a moment: ask again later.
    }
    if (status === "pending") {
      this.#askAfter(Math.min(pause * 1.5, LONGEST_PAUSE));
    } else {
      window.location.reload();
    }
  }
}

customElements.define("recognition-wait", RecognitionWait);
