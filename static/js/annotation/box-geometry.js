/**
 * The arithmetic of the editor: boxes [x, y, width, height] in whole pixels of the image.
 * Nothing here knows the page.
 */
export const SMALLEST_SIDE = 8;

const between = (value, low, high) => Math.min(Math.max(value, low), high);

/** The box between two points, inside the image; null while a side is too small. */
export function drawBox(from, to, image) {
  const left = between(Math.round(Math.min(from.x, to.x)), 0, image.width);
  const top = between(Math.round(Math.min(from.y, to.y)), 0, image.height);
  const right = between(Math.round(Math.max(from.x, to.x)), 0, image.width);
  const bottom = between(Math.round(Math.max(from.y, to.y)), 0, image.height);
  const box = [left, top, right - left, bottom - top];
  return box[2] < SMALLEST_SIDE || box[3] < SMALLEST_SIDE ? null : box;
}

/** The box moved as far as the image allows; its size stays. */
export function moveBox([x, y, width, height], by, image) {
  return [
    between(Math.round(x + by.x), 0, image.width - width),
    between(Math.round(y + by.y), 0, image.height - height),
    width,
    height,
  ];
}

/** The box with the sides that a handle ("n", "se", …) holds moved; it never turns over. */
export function resizeBox([x, y, width, height], handle, by, image) {
  let [left, top, right, bottom] = [x, y, x + width, y + height];
  if (handle.includes("w")) {
    left = between(Math.round(left + by.x), 0, right - SMALLEST_SIDE);
  }
  if (handle.includes("e")) {
    right = between(Math.round(right + by.x), left + SMALLEST_SIDE, image.width);
  }
  if (handle.includes("n")) {
    top = between(Math.round(top + by.y), 0, bottom - SMALLEST_SIDE);
  }
  if (handle.includes("s")) {
    bottom = between(Math.round(bottom + by.y), top + SMALLEST_SIDE, image.height);
  }
  return [left, top, right - left, bottom - top];
}

/** Whole numbers inside the image from any four numbers, or null where they are none. */
export function fitBox(box, image) {
  if (!Array.isArray(box) || box.length !== 4 || !box.every(Number.isFinite)) {
    return null;
  }
  const [x, y, width, height] = box;
  return drawBox({ x, y }, { x: x + width, y: y + height }, image);
}

/** Half the image, in its middle: where a box begins that is made by keyboard. */
export function middleBox({ width, height }) {
  const box = [width / 4, height / 4, width / 2, height / 2];
  return fitBox(box, { width, height });
}

export const sameBox = (one, other) =>
  one === other || (one && other && one.every((number, index) => number === other[index]));

/** The part of the image that is seen after zooming around a point; zoom 1 shows all of it. */
export function zoomView(view, factor, around, image) {
  const zoom = between((image.width / view.width) * factor, 1, 12);
  const width = image.width / zoom;
  const height = image.height / zoom;
  const x = around.x - ((around.x - view.x) / view.width) * width;
  const y = around.y - ((around.y - view.y) / view.height) * height;
  return panView({ x, y, width, height }, { x: 0, y: 0 }, image);
}

/** The part of the image that is seen after pushing it; never beyond its edges. */
export function panView(view, by, image) {
  return {
    ...view,
    x: between(view.x + by.x, 0, image.width - view.width),
    y: between(view.y + by.y, 0, image.height - view.height),
  };
}

/** What was, what is and what was taken back. */
export class History {
  #past = [];
  #future = [];

  constructor(present) {
    this.present = present;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  add(next) {
    if (!sameBox(next, this.present)) {
      this.#past.push(this.present);
      this.#future = [];
      this.present = next;
    }
  }

  undo() {
    if (this.canUndo) {
      this.#future.push(this.present);
      this.present = this.#past.pop();
    }
    return this.present;
  }

  redo() {
    if (this.canRedo) {
      this.#past.push(this.present);
      this.present = this.#future.pop();
    }
    return this.present;
  }
}
