import "./box-canvas.js";
import "./place-search.js";
import { draftOf, dropDraft, keepDraft } from "./draft-store.js";
import { Refused, Unreachable, call } from "./task-api.js";
import { WorkPanel, isTyping } from "./work-panel.js";

const HEARTBEAT = 4 * 60_000;
const DRAFT_PAUSE = 2_000;

/** The annotator's page: one image at a time, until nothing is left. */
class AnnotationEditor extends HTMLElement {
  #task = null;
  #busy = false;
  #draftTimer = 0;
  #waiting = null;
  #done = [];
  #following = null;

  connectedCallback() {
    this.canvas = this.querySelector("box-canvas");
    this.place = this.querySelector("place-search");
    this.form = this.querySelector("form[data-part=work]");
    this.panel = new WorkPanel(this, this.canvas, () => this.#changed());
    this.skipDialog = this.querySelector("dialog[data-dialog=skip]");
    this.place.addEventListener("placechange", () => this.#changed());
    this.canvas.addEventListener("picturebroken", () => this.#pictureBroken());
    this.canvas.addEventListener("pictureready", () => this.#pictureReady());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.skipDialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#skip();
    });
    this.panel.tool("skip").addEventListener("click", () => this.#askWhy());
    this.panel.tool("again").addEventListener("click", () => this.#reopen());
    this.panel.tool("look").addEventListener("click", () => this.#claim());
    this.panel.tool("next").addEventListener("click", () => this.#afterResult());
    document.addEventListener("keydown", (event) => this.#key(event));
    window.addEventListener("online", () => this.#waiting?.());
    window.addEventListener("offline", () => this.panel.say(this.dataset.offline, "warn"));
    document.addEventListener("visibilitychange", () => this.#visibility());
    setInterval(() => this.#heartbeat(), HEARTBEAT);
    this.#claim();
  }

  // Tasks

  /** Only one dataset's tasks, where the page's address says so. */
  get #narrowed() {
    return this.dataset.dataset ? { dataset: Number(this.dataset.dataset) } : {};
  }

  async #claim() {
    await this.#doing(this.dataset.loading, async () => this.#show(await call("claim", this.#narrowed)));
  }

  /** Show a claim's task; null means that nothing is left. */
  #show(claim) {
    this.#task = claim?.task ?? null;
    this.panel.showErrors({});
    this.#following = null;
    this.panel.part("result").hidden = true;
    this.#showPractice(claim?.task.practice);
    this.panel.part("empty").hidden = Boolean(claim);
    this.panel.part("stage").hidden = !claim;
    this.form.inert = !claim;
    this.panel.tool("skip").disabled = !claim;
    this.panel.tool("again").disabled = this.#done.length === 0;
    if (!claim) {
      this.panel.say("");
      this.panel.part("dataset").textContent = "";
      return;
    }
    const { task } = claim;
    const draft = draftOf(this.dataset.user, task.id) ?? task.draft;
    const start = draft ?? task.earlier ?? {};
    this.canvas.show(task.image, start.bbox ?? null, task.suggestion);
    this.panel.tags = start;
    this.place.show(task.landmark, start.place ?? placeOf(task.earlier, task.landmark));
    this.panel.showBox();
    this.panel.part("dataset").textContent = task.dataset.name;
    this.panel.part("loading").hidden = false;
    const reason = task.earlier?.reason;
    const returned = reason ? `${this.dataset.returned} ${reason}` : "";
    this.panel.say(returned, "warn");
    // The pictures that may come next are in the cache by the time they are wanted.
    this.ahead = claim.upcoming.map((url) => Object.assign(new Image(), { src: url }));
  }

  async #submit() {
    if (!this.#task || this.#busy) {
      return;
    }
    const task = this.#task;
    const body = {
      ...this.#narrowed,
      token: task.token,
      bbox: this.canvas.box,
      ...this.panel.tags,
      ...this.place.value,
    };
    this.#saveLocally();
    await this.#doing(this.dataset.sending, async () => {
      const answer = await call(`tasks/${task.id}/submit`, body);
      this.#finished(task);
      this.#done.push(task.id);
      this.panel.part("count").textContent = this.#done.length;
      if (answer.feedback) {
        this.#showResult(answer);
      } else {
        this.#show(answer.next);
      }
    });
  }

  #showPractice(practice) {
    const text = this.panel.part("practice");
    text.hidden = !practice;
    if (practice) {
      text.textContent = this.dataset.practice
        .replace("{}", practice.done + 1)
        .replace("{}", practice.of);
    }
  }

  /** To practise: the right box beside the drawn one, until the next image is asked for. */
  #showResult({ feedback, next }) {
    this.#task = null;
    this.#following = { next };
    this.form.inert = true;
    this.panel.tool("skip").disabled = true;
    this.canvas.compare([feedback.bbox], "right");
    const overlap = Math.round(feedback.overlap * 100);
    this.panel.part("overlap").textContent = this.dataset.overlap.replace("{}", overlap);
    const tags = feedback.tags_right ? this.dataset.tagsRight : this.dataset.tagsWrong;
    const right = this.panel.boxes.filter((box) => feedback.tags[box.name]);
    const names = right.map((box) => box.closest("label").querySelector("span").textContent);
    this.panel.part("right-tags").textContent = `${tags} ${names.join(" · ")}`;
    const result = this.panel.part("result");
    result.dataset.good = String(feedback.overlap >= 0.8 && feedback.tags_right);
    result.hidden = false;
    this.panel.tool("next").focus();
  }

  #afterResult() {
    const following = this.#following;
    if (following) {
      this.#show(following.next);
    }
  }

  #askWhy() {
    if (this.#task && !this.#busy) {
      this.skipDialog.showModal();
    }
  }

  async #skip() {
    const task = this.#task;
    const fields = new FormData(this.skipDialog.querySelector("form"));
    const reason = fields.get("other").trim() || fields.get("reason");
    this.skipDialog.close();
    await this.#doing(this.dataset.sending, async () => {
      const answer = await call(`tasks/${task.id}/skip`, {
        ...this.#narrowed,
        token: task.token,
        reason,
      });
      this.#finished(task);
      this.skipDialog.querySelector("form").reset();
      this.#show(answer.next);
    });
  }

  async #reopen() {
    const last = this.#done.at(-1);
    if (last === undefined) {
      return;
    }
    this.#saveLocally();
    await this.#doing(this.dataset.loading, async () => {
      try {
        const claim = await call(`tasks/${last}/reopen`);
        this.#done.pop();
        this.panel.part("count").textContent = this.#done.length;
        this.#show(claim);
      } catch (error) {
        if (error.code !== "already_decided") {
          throw error;
        }
        this.#done.pop();
        this.panel.tool("again").disabled = this.#done.length === 0;
        this.panel.say(error.detail, "warn");
      }
    });
  }

  #finished(task) {
    clearTimeout(this.#draftTimer);
    dropDraft(this.dataset.user, task.id);
  }

  /** Run one exchange with the server; whatever goes wrong, what was drawn stays. */
  async #doing(text, act) {
    if (this.#busy) {
      return;
    }
    this.#busy = true;
    this.#waiting = null;
    this.toggleAttribute("data-busy", true);
    this.panel.part("status").textContent = text;
    this.panel.say("");
    try {
      await act();
    } catch (error) {
      this.#failed(error, text, act);
    } finally {
      this.#busy = false;
      this.toggleAttribute("data-busy", false);
      this.panel.part("status").textContent = "";
    }
    if (this.lost) {
      this.lost = false;
      await this.#recover();
    }
  }

  #failed(error, text, act) {
    if (error instanceof Unreachable) {
      this.panel.say(this.dataset.broken, "error");
      this.#waiting = () => this.#doing(text, act);
    } else if (!(error instanceof Refused)) {
      throw error;
    } else if (error.code === "lease_lost" || error.status === 404) {
      this.lost = true;
    } else if (error.status === 401) {
      this.panel.say(this.dataset.signedOut, "error");
    } else if (error.status === 422) {
      this.panel.showErrors(error.errors);
    } else {
      this.panel.say(error.detail, "error");
    }
  }

  /** The lease has ended: ask again. Mostly the same image comes back, with what was drawn. */
  async #recover() {
    const before = this.#task;
    this.#saveLocally();
    try {
      const claim = await call("claim", this.#narrowed);
      const same = claim?.task.id === before?.id;
      this.#show(claim);
      this.panel.say(same ? this.dataset.leaseBack : this.dataset.leaseLost, "warn");
      if (same) {
        this.#saveDraft();
      }
    } catch {
      this.panel.say(this.dataset.broken, "error");
      this.#waiting = () => this.#recover();
    }
  }

  // Drafts and the lease

  #content() {
    return { bbox: this.canvas.box, ...this.panel.tags, place: this.place.chosen };
  }

  #changed() {
    this.#saveLocally();
    clearTimeout(this.#draftTimer);
    this.#draftTimer = setTimeout(() => this.#saveDraft(), DRAFT_PAUSE);
  }

  #saveLocally() {
    if (this.#task) {
      keepDraft(this.dataset.user, this.#task.id, this.#content());
    }
  }

  async #saveDraft() {
    const task = this.#task;
    if (!task || this.#busy) {
      return;
    }
    try {
      await call(`tasks/${task.id}/draft`, { token: task.token, ...this.#content() }, "PUT");
    } catch (error) {
      this.#background(error, task);
    }
  }

  async #heartbeat() {
    const task = this.#task;
    if (!task || this.#busy || document.hidden) {
      return;
    }
    try {
      await call(`tasks/${task.id}/heartbeat`, { token: task.token });
    } catch (error) {
      this.#background(error, task);
    }
  }

  #background(error, task) {
    if (error.code === "lease_lost" && task === this.#task && !this.#busy) {
      this.#recover();
    }
  }

  #visibility() {
    if (document.hidden) {
      this.#saveLocally();
    } else {
      this.#heartbeat();
    }
  }

  // Picture and keys

  #pictureReady() {
    this.panel.part("loading").hidden = true;
    this.canvas.svg.focus({ preventScroll: true });
  }

  /** A picture that is gone for good was set aside with its task: then the next one comes. */
  async #pictureBroken() {
    this.panel.part("loading").hidden = true;
    this.panel.say(this.dataset.pictureBroken, "error");
    const task = this.#task;
    try {
      await call(`tasks/${task.id}/heartbeat`, { token: task.token });
    } catch (error) {
      if (error.code !== "lease_lost" || task !== this.#task) {
        return;
      }
      this.#saveLocally();
      await this.#claim();
      this.panel.say(this.dataset.pictureGone, "warn");
    }
  }

  #key(event) {
    if (this.#following && event.key === "Enter" && !event.target.closest("button, a, dialog")) {
      event.preventDefault();
      this.#afterResult();
      return;
    }
    if (isTyping(event) || !this.#task) {
      return;
    }
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const onControl = event.target.closest("button, a, summary");
    if (onControl && ["Enter", " "].includes(event.key)) {
      return;
    }
    if (event.key === " " && event.target.matches("input")) {
      return;
    }
    if (plain && /^Digit[1-4]$|^Numpad[1-4]$/.test(event.code)) {
      this.panel.toggle(Number(event.code.at(-1)) - 1);
    } else if (plain && event.key === "Enter") {
      this.#submit();
    } else if (plain && event.code === "KeyS") {
      this.#askWhy();
    } else if (plain && event.key === "?") {
      this.panel.help();
    } else if (!this.canvas.key(event)) {
      return;
    }
    event.preventDefault();
  }
}

/** The place that earlier work named, where it is not the one that the task expects. */
function placeOf(earlier, expected) {
  if (earlier?.other) {
    return { other: earlier.other };
  }
  return earlier?.landmark && earlier.landmark.id !== expected?.id ? earlier.landmark : null;
}

customElements.define("annotation-editor", AnnotationEditor);
