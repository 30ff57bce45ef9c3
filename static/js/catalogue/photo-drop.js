// Sends dragged or chosen pictures one by one and says of each what became of it.
// Without script the form sends them all at once.

class PhotoDrop extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.list = this.querySelector("ul");
    const zone = this.querySelector(".admin-drop");
    const chosen = this.querySelector("[type=file]");
    // The admin's theme would write the file's name into the form's first text field.
    chosen.addEventListener("change", (event) => event.stopImmediatePropagation(), true);
    for (const kind of ["dragover", "dragleave", "drop"]) {
      zone.addEventListener(kind, (event) => {
        event.preventDefault();
        zone.classList.toggle("admin-drop-over", kind === "dragover");
      });
    }
    zone.addEventListener("drop", (event) => {
      chosen.files = event.dataTransfer.files;
      this.form.requestSubmit();
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.sendAll([...chosen.files]);
      chosen.value = "";
    });
  }

  async sendAll(files) {
    const lines = files.map((file) => this.say(file.name, this.dataset.waiting));
    for (const [number, file] of files.entries()) await this.send(file, lines[number]);
  }

  say(name, message) {
    const line = document.createElement("li");
    line.textContent = `${name}: ${message}`;
    this.list.append(line);
    return line;
  }

  async send(file, line) {
    const body = new FormData(this.form);
    body.set("photo", file);
    let message = this.dataset.failed;
    let stored = false;
    let seen = null;
    try {
      const answer = await fetch("", { method: "POST", body, headers: { Accept: "application/json" } });
      const { results = [], errors = [], detail } = await answer.json();
      message = errors.join(" ") || results[0]?.message || detail || message;
      stored = results[0]?.stored ?? false;
      seen = results[0]?.link;
    } catch {
      // The message says that the connection broke.
    }
    line.textContent = `${file.name}: ${message}`;
    line.classList.toggle("admin-error", !stored);
    if (!seen) return;
    const link = document.createElement("a");
    link.className = "admin-link";
    link.href = seen.address;
    link.textContent = seen.text;
    line.append(" ", link);
  }
}

customElements.define("photo-drop", PhotoDrop);
