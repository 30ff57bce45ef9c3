import { canKeep, drop, keep, keptPlaces } from "./kept.js";

/** The button that keeps a place; a kept one is brought up to date when its page is opened. */
class KeepPlace extends HTMLElement {
  connectedCallback() {
    this.#tellAge();
    if (!canKeep()) {
      return;
    }
    this.button = this.querySelector("button");
    this.hidden = false;
    this.button.addEventListener("click", () => this.#change());
    this.#show();
    if (this.#kept() && !document.documentElement.dataset.keptAt) {
      // Quietly: what is kept stays good when the line is too weak for it.
      keep(this.#place()).catch(() => {});
    }
  }

  async #change() {
    const kept = this.#kept();
    this.button.disabled = true;
    this.#say(kept ? "" : this.dataset.keeping);
    try {
      if (kept) {
        await drop(this.dataset.slug);
        this.#say(this.dataset.dropped);
      } else {
        await keep(this.#place());
        this.#say(this.dataset.kept);
      }
    } catch {
      this.#say(this.dataset.failed);
    }
    this.button.disabled = false;
    this.#show();
  }

  #place() {
    const links = [...document.querySelectorAll("link[rel=alternate][hreflang]")];
    const others = links
      .filter((link) => link.hreflang !== "x-default")
      .map((link) => new URL(link.href).pathname);
    const { slug, name, about } = this.dataset;
    return { slug, name, about, pages: [...new Set([location.pathname, ...others])] };
  }

  #kept() {
    return keptPlaces().some((each) => each.slug === this.dataset.slug);
  }

  #show() {
    const kept = this.#kept();
    this.button.setAttribute("aria-pressed", String(kept));
    this.querySelector("[data-part=name]").textContent = kept
      ? this.dataset.yes
      : this.dataset.no;
  }

  #say(text) {
    this.querySelector("[role=status]").textContent = text;
  }

  #tellAge() {
    const at = document.documentElement.dataset.keptAt;
    const notice = document.querySelector("[data-part=kept-notice]");
    if (at && notice) {
      const when = new Date(at).toLocaleString(document.documentElement.lang, {
        dateStyle: "long",
        timeStyle: "short",
      });
      notice.querySelector("time").dateTime = at;
      notice.querySelector("time").textContent = when;
      notice.hidden = false;
    }
  }
}

customElements.define("keep-place", KeepPlace);
