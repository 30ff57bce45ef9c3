/** Asks for the visitor's position when they press the button, and searches around it. */
class NearMe extends HTMLElement {
  connectedCallback() {
    if (!navigator.geolocation) {
      return;
    }
    this.button = this.#part("ask");
    this.button.hidden = false;
    this.radius = this.querySelector("select");
    this.button.addEventListener("click", () => this.#ask());
    this.radius.addEventListener("change", () => this.closest("form").requestSubmit());
  }

  #ask() {
    this.#part("said").textContent = "";
    this.button.disabled = true;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        // About ten metres: enough to look around, and the address gives away no more.
        const position = [coords.latitude, coords.longitude].map((each) => each.toFixed(4));
        this.querySelector("[name=near]").value = position.join();
        this.radius.disabled = false;
        this.closest("form").requestSubmit();
      },
      (problem) => {
        this.button.disabled = false;
        const denied = problem.code === problem.PERMISSION_DENIED;
        this.#part("said").textContent = denied ? this.dataset.denied : this.dataset.unavailable;
      },
      { timeout: 10_000, maximumAge: 60_000 },
    );
  }

  #part(name) {
    return this.querySelector(`[data-part="${name}"]`);
  }
}

customElements.define("near-me", NearMe);
