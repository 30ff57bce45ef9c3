import {
  History,
  drawBox,
  fitBox,
  middleBox,
  moveBox,
  panView,
  resizeBox,
  sameBox,
  zoomView,
} from "./box-geometry.js";

const SVG = "http://www.w3.org/2000/svg";
const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * A picture with one box. The viewBox counts the picture's own pixels, so that a box has
 * natural coordinates however large the picture is shown.
 * Says "boxchange" when the box changed, and "pictureready" or "picturebroken" once.
 */
class BoxCanvas extends HTMLElement {
  #image = { width: 1, height: 1 };
  #history = new History(null);
  #view = { x: 0, y: 0, width: 1, height: 1 };
  #pointers = new Map();
  #gesture = null;
  #spaceHeld = false;

  connectedCallback() {
    this.svg = this.querySelector("svg[data-editor]");
    this.picture = this.svg.querySelector("image");
    this.rect = this.svg.querySelector("[data-part=box]");
    this.hint = this.svg.querySelector("[data-part=suggestion]");
    this.cross = this.svg.querySelector("[data-part=crosshair]");
    this.others = this.svg.querySelector("[data-part=others]");
    this.handles = HANDLES.map((name) => this.#makeHandle(name));
    this.stop = new AbortController();
    const { signal } = this.stop;
    const on = (target, type, act, more = {}) =>
      target.addEventListener(type, act, { signal, ...more });
    on(this.svg, "pointerdown", (event) => this.#down(event));
    on(this.svg, "pointermove", (event) => this.#moved(event));
    on(this.svg, "pointerup", (event) => this.#up(event));
    on(this.svg, "pointercancel", (event) => this.#cancelled(event));
    on(this.svg, "pointerleave", () => this.#showCrosshair(null));
    on(this.svg, "wheel", (event) => this.#wheeled(event), { passive: false });
    on(this.picture, "load", () => this.dispatchEvent(new Event("pictureready")));
    on(this.picture, "error", () => this.dispatchEvent(new Event("picturebroken")));
    on(document, "keyup", (event) => event.code === "Space" && this.#holdSpace(false));
    this.resized = new ResizeObserver(() => this.#draw());
    this.resized.observe(this.svg);
  }

  disconnectedCallback() {
    this.stop.abort();
    this.resized.disconnect();
  }

  get box() {
    return this.#history.present;
  }

  get canUndo() {
    return this.#history.canUndo;
  }

  get canRedo() {
    return this.#history.canRedo;
  }

  get image() {
    return this.#image;
  }

  /** Show a picture, its box and a suggested one; the history begins here. */
  show(image, box = null, suggestion = null) {
    this.#image = { width: image.width, height: image.height };
    this.#history = new History(fitBox(box, this.#image));
    this.shown = this.box;
    this.suggestion = fitBox(suggestion, this.#image);
    this.#gesture = null;
    this.#pointers.clear();
    this.compare([]);
    this.svg.style.setProperty("--ratio", image.width / image.height);
    this.picture.setAttribute("width", image.width);
    this.picture.setAttribute("height", image.height);
    this.picture.setAttribute("href", image.url);
    this.hidden = false;
    this.fit();
  }

  /** Show boxes of others beside the one that is drawn; `kind` says how they look. */
  compare(boxes, kind = "other") {
    this.others.replaceChildren(
      ...boxes.map(([x, y, width, height]) => {
        const rect = document.createElementNS(SVG, "rect");
        Object.entries({ x, y, width, height, class: kind }).forEach((pair) => rect.setAttribute(...pair));
        return rect;
      }),
    );
  }

  set(box) {
    this.#commit(fitBox(box, this.#image));
  }

  remove() {
    this.#commit(null);
  }

  undo() {
    this.#history.undo();
    this.#changed();
  }

  redo() {
    this.#history.redo();
    this.#changed();
  }

  fit() {
    this.#look({ x: 0, y: 0, ...this.#image });
  }

  zoom(factor, around = this.#centre()) {
    this.#look(zoomView(this.#view, factor, around, this.#image));
  }

  brighten(percent) {
    this.picture.style.filter = percent === 100 ? "" : `brightness(${percent}%)`;
  }

  /** Do what a key means to the box; return whether it means anything. */
  key(event) {
    const modified = event.ctrlKey || event.metaKey;
    if (event.code === "KeyZ") {
      modified && event.shiftKey ? this.redo() : this.undo();
    } else if (event.code === "KeyX" && !modified) {
      this.redo();
    } else if (event.code === "KeyY" && modified) {
      this.redo();
    } else if (modified) {
      return false;
    } else if (event.key in ARROWS && this.box) {
      this.#nudge(event);
    } else if ((event.key === "Delete" || event.key === "Backspace") && this.box) {
      this.remove();
    } else if (event.code === "KeyB" && !this.box) {
      this.set(middleBox(this.#image));
    } else if (event.code === "KeyA" && this.suggestion) {
      this.set(this.suggestion);
    } else if (event.key === "+" || event.key === "=") {
      this.zoom(1.4);
    } else if (event.key === "-") {
      this.zoom(1 / 1.4);
    } else if (event.key === "0") {
      this.fit();
    } else if (event.code === "Space") {
      this.#holdSpace(true);
    } else {
      return false;
    }
    return true;
  }

  #nudge(event) {
    const step = event.shiftKey ? 10 : 1;
    const [right, down] = ARROWS[event.key];
    const by = { x: right * step, y: down * step };
    this.#commit(
      event.altKey
        ? resizeBox(this.box, "se", by, this.#image)
        : moveBox(this.box, by, this.#image),
    );
  }

  #holdSpace(held) {
    this.#spaceHeld = held;
    this.svg.toggleAttribute("data-pan", held);
  }

  // Pointers: one draws, moves or resizes; two zoom and push the picture.

  #down(event) {
    if (event.button > 1) {
      return;
    }
    event.preventDefault();
    this.svg.focus({ preventScroll: true });
    try {
      this.svg.setPointerCapture(event.pointerId);
    } catch {
      // A pointer that is gone already cannot be captured, and need not be.
    }
    this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (this.#pointers.size === 2) {
      this.#gesture = { kind: "pinch", ...this.#pinch() };
      this.#draw();
      return;
    }
    const at = this.#point(event);
    const handle = event.target.dataset?.handle;
    if (event.button === 1 || this.#spaceHeld) {
      this.#gesture = { kind: "pan", x: event.clientX, y: event.clientY };
    } else if (handle) {
      this.#gesture = { kind: "resize", handle, from: at, box: this.box };
    } else if (event.target === this.rect) {
      this.#gesture = { kind: "move", from: at, box: this.box };
    } else {
      this.#gesture = { kind: "draw", from: at, box: this.box };
    }
  }

  #moved(event) {
    const at = this.#point(event);
    this.#showCrosshair(event.pointerType === "mouse" ? at : null);
    const pointer = this.#pointers.get(event.pointerId);
    if (!pointer || !this.#gesture) {
      return;
    }
    Object.assign(pointer, { x: event.clientX, y: event.clientY });
    const gesture = this.#gesture;
    if (gesture.kind === "pinch") {
      this.#pinched();
    } else if (gesture.kind === "pan") {
      this.#pan(gesture.x - event.clientX, gesture.y - event.clientY);
      Object.assign(gesture, { x: event.clientX, y: event.clientY });
    } else {
      gesture.now = this.#result(gesture, at);
      this.#draw(gesture.now);
    }
  }

  #result({ kind, from, box, handle }, at) {
    const by = { x: at.x - from.x, y: at.y - from.y };
    if (kind === "resize") {
      return resizeBox(box, handle, by, this.#image);
    }
    return kind === "move" ? moveBox(box, by, this.#image) : drawBox(from, at, this.#image);
  }

  #up(event) {
    const gesture = this.#gesture;
    if (this.#pointers.has(event.pointerId) && gesture && "from" in gesture) {
      const box = this.#result(gesture, this.#point(event));
      // A tap or a twitch draws nothing and takes nothing away.
      this.#commit(box ?? gesture.box);
    }
    this.#cancelled(event);
  }

  #cancelled(event) {
    this.#pointers.delete(event.pointerId);
    if (this.#gesture?.kind !== "pinch" || this.#pointers.size === 0) {
      this.#gesture = null;
    }
    this.#draw();
  }

  #pinch() {
    const [one, other] = [...this.#pointers.values()];
    return {
      x: (one.x + other.x) / 2,
      y: (one.y + other.y) / 2,
      apart: Math.hypot(one.x - other.x, one.y - other.y) || 1,
    };
  }

  #pinched() {
    if (this.#pointers.size !== 2) {
      return;
    }
    const now = this.#pinch();
    const { x, y, apart } = this.#gesture;
    this.zoom(now.apart / apart, this.#point({ clientX: now.x, clientY: now.y }));
    this.#pan(x - now.x, y - now.y);
    Object.assign(this.#gesture, now);
  }

  #wheeled(event) {
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), this.#point(event));
  }

  #pan(x, y) {
    const unit = this.#unit();
    this.#look(panView(this.#view, { x: x * unit, y: y * unit }, this.#image));
  }

  #point({ clientX, clientY }) {
    const matrix = this.svg.getScreenCTM();
    return new DOMPoint(clientX, clientY).matrixTransform(matrix.inverse());
  }

  #centre() {
    const { x, y, width, height } = this.#view;
    return { x: x + width / 2, y: y + height / 2 };
  }

  /** Image pixels in one pixel of the screen. */
  #unit() {
    return 1 / (this.svg.getScreenCTM()?.a || 1);
  }

  #commit(box) {
    if (!sameBox(box, this.box)) {
      this.#history.add(box);
      this.#changed();
    }
  }

  #changed() {
    this.#draw();
    this.dispatchEvent(new Event("boxchange"));
  }

  // Drawing

  #look(view) {
    this.#view = view;
    this.svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
    this.#draw();
  }

  #draw(box = this.#gesture?.now ?? this.box) {
    const unit = this.#unit();
    place(this.rect, box);
    place(this.hint, box ? null : this.suggestion);
    for (const [index, name] of HANDLES.entries()) {
      const [mark, area] = this.handles[index];
      const spot = box && handleSpot(box, name);
      centre(mark, spot, 11 * unit);
      centre(area, spot, Math.min(36 * unit, Math.max(...(box ?? [0]).slice(2)) / 2.2));
    }
  }

  #showCrosshair(at) {
    this.cross.toggleAttribute("hidden", !at);
    if (at) {
      const { width, height } = this.#image;
      this.cross.setAttribute("d", `M0 ${at.y}H${width}M${at.x} 0V${height}`);
    }
  }

  #makeHandle(name) {
    const mark = document.createElementNS(SVG, "rect");
    mark.setAttribute("class", "handle");
    const area = document.createElementNS(SVG, "rect");
    area.setAttribute("class", "handle-area");
    area.dataset.handle = name;
    this.svg.append(mark, area);
    return [mark, area];
  }
}

function place(rect, box) {
  rect.toggleAttribute("hidden", !box);
  if (box) {
    for (const [index, name] of ["x", "y", "width", "height"].entries()) {
      rect.setAttribute(name, box[index]);
    }
  }
}

function handleSpot([x, y, width, height], name) {
  return {
    x: x + (name.includes("e") ? width : name.includes("w") ? 0 : width / 2),
    y: y + (name.includes("s") ? height : name.includes("n") ? 0 : height / 2),
  };
}

function centre(rect, spot, size) {
  place(rect, spot && [spot.x - size / 2, spot.y - size / 2, size, size]);
}

customElements.define("box-canvas", BoxCanvas);
