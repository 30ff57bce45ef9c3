// Fills a field with the visitor's position once they ask for it. Without script one writes it.

class HereButton extends HTMLElement {
  connectedCallback() {
    if (!navigator.geolocation) return;
    this.hidden = false;
    this.querySelector("button").addEventListener("click", () => this.ask());
  }

  ask() {
    const said = this.querySelector("[role=status]");
    said.textContent = "";
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        const position = [coords.latitude, coords.longitude].map((each) => each.toFixed(5));
        document.getElementById(this.dataset.field).value = position.join(",");
      },
      () => {
        said.textContent = this.dataset.failed;
      },
      { timeout: 10_000, maximumAge: 60_000 },
    );
  }
}

customElements.define("here-button", HereButton);
