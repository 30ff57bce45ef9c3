/** What the annotator's and the reviewer's page have in common: tags, numbers, tools, messages. */
export const TAGS = ["truncated", "occluded", "reflection", "none_of_these"];

/** Say whether a key was meant for a field or a dialog and not for the picture. */
export function isTyping(event) {
  const { target } = event;
  return (
    event.isComposing ||
    Boolean(target.closest?.("dialog")) ||
    target.matches?.("textarea, select, input:not([type=checkbox])")
  );
}

export class WorkPanel {
  constructor(page, canvas, changed) {
    this.page = page;
    this.canvas = canvas;
    this.numbers = [...page.querySelectorAll("[data-number]")];
    this.boxes = TAGS.map((name) => page.querySelector(`input[name=${name}]`));
    for (const box of this.boxes) {
      box.addEventListener("change", () => {
        this.#clear("tags");
        changed();
      });
    }
    for (const field of this.numbers) {
      field.addEventListener("change", () => this.#typedNumbers());
    }
    canvas.addEventListener("boxchange", () => {
      this.#clear("bbox");
      this.showBox();
      changed();
    });
    const tools = {
      undo: () => canvas.undo(),
      redo: () => canvas.redo(),
      remove: () => canvas.remove(),
      closer: () => canvas.zoom(1.4),
      wider: () => canvas.zoom(1 / 1.4),
      fit: () => canvas.fit(),
      suggestion: () => canvas.set(canvas.suggestion),
      help: () => this.help(),
    };
    for (const [name, act] of Object.entries(tools)) {
      this.tool(name)?.addEventListener("click", act);
    }
    const brightness = page.querySelector("[data-tool=brightness]");
    brightness.addEventListener("input", () => canvas.brighten(Number(brightness.value)));
    for (const dialog of page.querySelectorAll("dialog")) {
      for (const button of dialog.querySelectorAll("[data-close]")) {
        button.addEventListener("click", () => dialog.close());
      }
    }
  }

  tool(name) {
    return this.page.querySelector(`[data-tool=${name}]`);
  }

  part(name) {
    return this.page.querySelector(`[data-part=${name}]`);
  }

  help() {
    this.page.querySelector("dialog[data-dialog=help]").showModal();
  }

  get tags() {
    return Object.fromEntries(TAGS.map((name, index) => [name, this.boxes[index].checked]));
  }

  set tags(tags) {
    TAGS.forEach((name, index) => {
      this.boxes[index].checked = Boolean(tags?.[name]);
    });
  }

  toggle(index) {
    this.boxes[index].click();
  }

  showBox() {
    const { box, canUndo, canRedo, suggestion } = this.canvas;
    this.numbers.forEach((field, index) => {
      field.value = box ? box[index] : "";
    });
    this.tool("undo").disabled = !canUndo;
    this.tool("redo").disabled = !canRedo;
    this.tool("remove").disabled = !box;
    this.tool("suggestion").hidden = !suggestion || Boolean(box);
  }

  #typedNumbers() {
    const box = this.numbers.map((field) => field.valueAsNumber);
    if (box.every(Number.isFinite)) {
      this.canvas.set(box);
      this.showBox();
    }
  }

  /** Show messages beside what they are about; the first of them is read out. */
  showErrors(errors) {
    for (const field of this.page.querySelectorAll("[data-error]")) {
      const text = (errors[field.dataset.error] ?? []).join(" ");
      field.textContent = text;
      field.hidden = !text;
    }
  }

  #clear(name) {
    const field = this.page.querySelector(`[data-error=${name}]`);
    field.hidden = true;
    field.textContent = "";
  }

  /** Say something about the whole page: kind is "calm", "warn" or "error". */
  say(text, kind = "calm") {
    const notice = this.part("notice");
    notice.textContent = text;
    notice.dataset.kind = kind;
    notice.hidden = !text;
  }
}
