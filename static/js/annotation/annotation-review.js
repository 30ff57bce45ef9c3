import "./box-canvas.js";
import { sameBox } from "./box-geometry.js";
import { Refused, Unreachable, call } from "./task-api.js";
import { TAGS, WorkPanel, isTyping } from "./work-panel.js";

/** The reviewer's page: accept, change or send back, one annotation after the other. */
class AnnotationReview extends HTMLElement {
  #task = null;
  #annotation = null;
  #compare = [];
  #busy = false;
  #count = 0;

  connectedCallback() {
    this.canvas = this.querySelector("box-canvas");
    this.panel = new WorkPanel(this, this.canvas, () => this.#nameVerdict());
    this.reason = this.querySelector("input[name=reason]");
    this.#onSubmit("work", () => this.#accept());
    this.#onSubmit("return", () => this.#return());
    this.panel.tool("look").addEventListener("click", () => this.#next());
    for (const button of this.querySelectorAll("[data-reason]")) {
      button.addEventListener("click", () => {
        this.reason.value = button.dataset.reason;
        this.reason.focus();
      });
    }
    this.canvas.addEventListener("pictureready", () => this.#loaded(""));
    this.canvas.addEventListener("picturebroken", () => this.#loaded(this.dataset.pictureBroken));
    document.addEventListener("keydown", (event) => this.#key(event));
    this.#next();
  }

  #onSubmit(part, act) {
    this.panel.part(part).addEventListener("submit", (event) => {
      event.preventDefault();
      act();
    });
  }

  #loaded(text) {
    this.panel.part("loading").hidden = true;
    if (text) {
      this.panel.say(text, "error");
    } else {
      this.canvas.svg.focus({ preventScroll: true });
    }
  }

  /** Only one dataset's annotations, where the page's address says so. */
  get #narrowed() {
    return this.dataset.dataset ? { dataset: Number(this.dataset.dataset) } : {};
  }

  #next() {
    return this.#doing(this.dataset.loading, async () => this.#show(await call("review/next", this.#narrowed)));
  }

  #show(review) {
    this.#task = review?.task ?? null;
    this.#annotation = review?.annotation ?? null;
    this.panel.showErrors({});
    this.reason.value = "";
    this.panel.part("empty").hidden = Boolean(review);
    this.panel.part("stage").hidden = !review;
    this.panel.part("work").inert = !review;
    this.panel.part("return").inert = !review;
    this.panel.part("dataset").textContent = this.#task?.dataset.name ?? "";
    this.panel.part("name").textContent = "";
    this.panel.part("history").replaceChildren();
    this.panel.part("opinions").replaceChildren();
    this.panel.part("agreement").hidden = !review?.others.length;
    if (!review) {
      return;
    }
    this.panel.part("loading").hidden = false;
    this.canvas.show(this.#task.image, this.#annotation.bbox);
    this.panel.tags = this.#annotation;
    this.panel.showBox();
    this.#showPlace();
    this.#nameVerdict();
    this.#compare = review.others.map((other) => other.bbox);
    this.canvas.compare(this.#compare);
    this.panel.part("opinions").replaceChildren(...review.others.map((other) => this.#other(other)));
    let before = null;
    const items = review.history.map((event) => {
      const item = this.#event(event, before);
      before = event.bbox ? event : before;
      return item;
    });
    this.panel.part("history").replaceChildren(...items);
    // The pictures that may come next are in the cache by the time they are wanted.
    this.ahead = review.upcoming.map((url) => Object.assign(new Image(), { src: url }));
  }

  #showPlace() {
    const name = this.panel.part("name");
    const expected = this.#task.landmark?.name;
    const said = this.#annotation.other || this.#annotation.landmark?.name;
    name.textContent =
      said && expected && said !== expected
        ? `${expected} → ${said}`
        : (said ?? expected ?? name.dataset.unknown);
    name.toggleAttribute("data-changed", Boolean(said && said !== expected));
  }

  /** What another person says of the same image, and how far it is the same. */
  #other(other) {
    const item = document.createElement("li");
    const name = document.createElement("b");
    name.textContent = other.by;
    const overlap = this.dataset.overlap.replace("{}", Math.round(other.overlap * 100));
    const tags = other.same_tags ? this.dataset.sameTags : `${this.dataset.otherTags} ${this.#tagNames(other)}`;
    const place = other.same_place ? "" : ` ${this.dataset.otherPlace} ${other.other || other.landmark?.name || ""}`;
    item.append(name, ` ${overlap} ${tags}${place}`);
    item.toggleAttribute("data-changed", other.differs);
    return item;
  }

  #tagNames(tags) {
    const chosen = this.panel.boxes.filter((box) => tags[box.name]);
    return chosen.map((box) => box.closest("label").querySelector("span").textContent).join(" · ");
  }

  /** What an annotation says, or what it changed of the one before. */
  #said(event, before) {
    const box = `[${event.bbox.join(", ")}]`;
    const tags = this.#tagNames(event);
    if (!before) {
      return `${box} ${tags}`;
    }
    const parts = [];
    if (!sameBox(event.bbox, before.bbox)) {
      parts.push(`[${before.bbox.join(", ")}] → ${box}`);
    }
    if (this.#tagNames(before) !== tags) {
      parts.push(`${this.#tagNames(before)} → ${tags}`);
    }
    return parts.join("; ");
  }

  /** While a step of the history is pointed at, its box is on the picture. */
  #showing(item, box) {
    item.tabIndex = 0;
    for (const type of ["pointerenter", "focus"]) {
      item.addEventListener(type, () => this.canvas.compare([box], "past"));
    }
    for (const type of ["pointerleave", "blur"]) {
      item.addEventListener(type, () => this.canvas.compare(this.#compare));
    }
  }

  #event(event, before) {
    const item = document.createElement("li");
    const time = document.createElement("time");
    time.dateTime = event.at;
    time.textContent = new Date(event.at).toLocaleString(document.documentElement.lang);
    const kind = this.dataset[`kind${event.kind[0].toUpperCase()}${event.kind.slice(1)}`];
    item.append(time, ` ${event.by ?? ""} ${kind}`);
    if (event.reason) {
      const reason = document.createElement("q");
      reason.textContent = event.reason;
      item.append(" ", reason);
    }
    if (event.bbox) {
      const said = document.createElement("small");
      said.textContent = this.#said(event, before);
      item.append(said);
      this.#showing(item, event.bbox);
    }
    return item;
  }

  get #changed() {
    const tags = this.panel.tags;
    return (
      !sameBox(this.canvas.box, this.canvas.shown) ||
      TAGS.some((name) => tags[name] !== this.#annotation[name])
    );
  }

  #nameVerdict() {
    if (this.#annotation) {
      this.panel.part("verdict").textContent = this.#changed
        ? this.dataset.fix
        : this.dataset.accept;
    }
  }

  #accept() {
    return this.#changed
      ? this.#decide("fix", { bbox: this.canvas.box, ...this.panel.tags })
      : this.#decide("accept", {});
  }

  #return() {
    return this.#decide("return", { reason: this.reason.value });
  }

  #decide(verdict, body) {
    if (!this.#task) {
      return;
    }
    return this.#doing(this.dataset.sending, async () => {
      const answer = await call(`review/${this.#task.id}/${verdict}`, {
        ...this.#narrowed,
        ...body,
      });
      this.#count += 1;
      this.panel.part("count").textContent = this.#count;
      this.#show(answer.next);
    });
  }

  async #doing(text, act) {
    if (this.#busy) {
      return;
    }
    this.#busy = true;
    this.panel.part("status").textContent = text;
    this.panel.say("");
    let passed = "";
    try {
      await act();
    } catch (error) {
      if (error instanceof Unreachable) {
        this.panel.say(this.dataset.broken, "error");
      } else if (!(error instanceof Refused)) {
        throw error;
      } else if (error.status === 422) {
        this.panel.showErrors(error.errors);
      } else if (error.status === 409 || error.status === 404) {
        passed = error.detail;
      } else {
        this.panel.say(error.status === 401 ? this.dataset.signedOut : error.detail, "error");
      }
    } finally {
      this.#busy = false;
      this.panel.part("status").textContent = "";
    }
    if (passed) {
      // Somebody else decided on it: on to the next, and say why.
      await this.#next();
      this.panel.say(passed, "warn");
    }
  }

  #key(event) {
    if (isTyping(event) || !this.#task) {
      return;
    }
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.target.closest("button, a, summary") && ["Enter", " "].includes(event.key)) {
      return;
    }
    if (event.key === " " && event.target.matches("input")) {
      return;
    }
    if (plain && /^Digit[1-4]$|^Numpad[1-4]$/.test(event.code)) {
      this.panel.toggle(Number(event.code.at(-1)) - 1);
    } else if (plain && event.key === "Enter") {
      this.#accept();
    } else if (plain && event.code === "KeyR") {
      this.reason.focus();
    } else if (plain && event.key === "?") {
      this.panel.help();
    } else if (!this.canvas.key(event)) {
      return;
    }
    event.preventDefault();
  }
}

customElements.define("annotation-review", AnnotationReview);
