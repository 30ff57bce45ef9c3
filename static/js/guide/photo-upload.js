import { ConnectionBroken, PhotoRefused, sendPhoto } from "./send-photo.js";
import { shrinkPhoto } from "./shrink-photo.js";

/**
 * Wakes the upload form: shows the photo at once, sends it with progress and keeps it on errors.
 * A photo comes from the camera, the file field, a drop, the clipboard or `use(file)`.
 */
class PhotoUpload extends HTMLElement {
  #file = null;
  #busy = false;
  #previewUrl = "";

  connectedCallback() {
    this.form = this.querySelector("form");
    this.inputs = [...this.querySelectorAll("input[type=file]")];
    this.bar = this.querySelector("progress");
    this.stop = new AbortController();
    const { signal } = this.stop;
    for (const input of this.inputs) {
      input.addEventListener("change", () => this.#chosen(input.files), { signal });
    }
    this.form.addEventListener("submit", (event) => this.#submitted(event), { signal });
    document.addEventListener("paste", (event) => this.#pasted(event), { signal });
    // The whole page takes a drop: missing the frame must not open the file instead.
    document.addEventListener("dragover", (event) => this.#draggedOver(event), { signal });
    document.addEventListener("dragleave", (event) => this.#draggedOut(event), { signal });
    document.addEventListener("drop", (event) => this.#dropped(event), { signal });
    window.addEventListener("pageshow", (event) => event.persisted && this.#reset(), { signal });
  }

  disconnectedCallback() {
    this.stop.abort();
    URL.revokeObjectURL(this.#previewUrl);
  }

  /** Send this file as if the visitor had chosen it. */
  use(file) {
    if (this.#busy) {
      return;
    }
    this.#file = file;
    this.#showPreview();
    this.#send();
  }

  #chosen(files) {
    if (files.length > 1) {
      this.#fail(this.dataset.tooMany);
    } else if (files.length === 1) {
      this.use(files[0]);
    }
  }

  #submitted(event) {
    if (this.#file) {
      event.preventDefault();
      this.#send();
    }
  }

  #pasted(event) {
    const files = event.clipboardData?.files;
    if (files?.length) {
      event.preventDefault();
      this.#chosen(files);
    }
  }

  #draggedOver(event) {
    if (event.dataTransfer?.types.includes("Files")) {
      event.preventDefault();
      this.toggleAttribute("data-over", true);
    }
  }

  #draggedOut(event) {
    if (!event.relatedTarget) {
      this.toggleAttribute("data-over", false);
    }
  }

  #dropped(event) {
    this.toggleAttribute("data-over", false);
    const files = event.dataTransfer?.files;
    if (files?.length) {
      event.preventDefault();
      this.#chosen(files);
    }
  }

  async #send() {
    if (this.#busy) {
      return;
    }
    this.#busy = true;
    this.toggleAttribute("data-failed", false);
    this.#part("error").hidden = true;
    this.#part("choices").hidden = true;
    this.#part("progress").hidden = false;
    try {
      this.#stage(this.dataset.preparing);
      const file = await shrinkPhoto(this.#file);
      if (file.size > Number(this.dataset.maxBytes)) {
        this.#fail(this.dataset.tooLarge);
        return;
      }
      this.#stage(this.dataset.sending, 0);
      const answer = await sendPhoto(this.form, file, (share) =>
        share < 1 ? this.#stage(this.dataset.sending, share) : this.#stage(this.dataset.looking),
      );
      window.location.assign(answer);
    } catch (error) {
      if (error instanceof PhotoRefused && !error.mayHelpLater) {
        this.#fail(error.detail || this.dataset.refused);
      } else {
        this.#fail(error.detail || this.#textFor(error));
        this.#offerAgain();
      }
    }
  }

  #stage(text, share) {
    this.#part("stage").textContent = text;
    if (share === undefined) {
      this.#part("share").textContent = "";
      this.bar.removeAttribute("value");
    } else {
      this.#part("share").textContent = `${Math.round(share * 100)}%`;
      this.bar.value = share;
    }
  }

  #textFor(error) {
    return error instanceof ConnectionBroken ? this.dataset.broken : this.dataset.refused;
  }

  /** The photo is still here: one tap sends it again. */
  #offerAgain() {
    this.querySelector(".upload-send").textContent = this.dataset.again;
    this.toggleAttribute("data-failed", true);
  }

  #fail(text) {
    this.#busy = false;
    this.#part("progress").hidden = true;
    this.#part("choices").hidden = false;
    this.#part("error").textContent = text;
    this.#part("error").hidden = false;
    // The same file chosen again must count as a change.
    for (const input of this.inputs) {
      input.value = "";
    }
  }

  #showPreview() {
    URL.revokeObjectURL(this.#previewUrl);
    this.#previewUrl = URL.createObjectURL(this.#file);
    const preview = this.#part("preview");
    preview.onerror = () => {
      preview.hidden = true;
      this.#part("prompt").hidden = false;
    };
    preview.src = this.#previewUrl;
    preview.hidden = false;
    this.#part("prompt").hidden = true;
  }

  #reset() {
    this.#busy = false;
    this.#file = null;
    this.form.reset();
    this.toggleAttribute("data-failed", false);
    for (const name of ["progress", "error", "preview"]) {
      this.#part(name).hidden = true;
    }
    this.#part("prompt").hidden = false;
    this.#part("choices").hidden = false;
  }

  #part(name) {
    return this.querySelector(`[data-part="${name}"]`);
  }
}

customElements.define("photo-upload", PhotoUpload);
