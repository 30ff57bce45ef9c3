// A click on the picture fills the two fields of the focal point; they work without it too.

class FocalPoint extends HTMLElement {
  connectedCallback() {
    this.fields = ["x", "y"].map((name) => document.getElementById(`id_focal_${name}`));
    if (this.fields.some((field) => !field)) return;
    this.mark = this.querySelector("span");
    this.image = this.querySelector("img");
    this.image.addEventListener("click", (event) => this.put(event));
    this.image.addEventListener("load", () => this.show());
    for (const field of this.fields) field.addEventListener("input", () => this.show());
    this.show();
  }

  put(event) {
    const box = this.image.getBoundingClientRect();
    const place = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    for (const [index, field] of this.fields.entries()) {
      field.value = Math.min(1, Math.max(0, place[index])).toFixed(3);
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
    this.show();
  }

  show() {
    const [x, y] = this.fields.map((field) => Number.parseFloat(field.value));
    this.mark.hidden = !(x >= 0 && x <= 1 && y >= 0 && y <= 1);
    this.mark.style.left = `${x * 100}%`;
    this.mark.style.top = `${y * 100}%`;
  }
}

customElements.define("focal-point", FocalPoint);
