/** Draws the outlines on tiles, a few in each frame, so that the page answers meanwhile. */

// Steps that nobody sees, in points of the screen.
const SMALLEST_STEP = 0.8;
const FRAME_MS = 6;
// A larger one keeps a slow phone too long.
const TILE = 256;
const LINES = [
  ["district", "--map-district", 0.8],
  ["province", "--map-province", 1.4],
  ["coast", "--map-coast", 1.1],
];

/** Return a layer of Leaflet; `styled` is the element whose tokens give the colours. */
export function outlineLayer(outlines, styled) {
  const { L } = window;
  const waiting = [];
  let asked = 0;

  function work(started) {
    asked = 0;
    while (waiting.length && performance.now() - started < FRAME_MS) {
      waiting.shift()();
    }
    next();
  }

  function next() {
    if (waiting.length && !asked) {
      asked = requestAnimationFrame((started) => work(started));
    }
  }

  const Layer = L.GridLayer.extend({
    createTile(coordinates, done) {
      const tile = L.DomUtil.create("canvas", "leaflet-tile");
      waiting.push(() => {
        drawTile(tile, coordinates, this.getTileSize().x, outlines, getComputedStyle(styled));
        done(null, tile);
      });
      next();
      return tile;
    },
  });
  const layer = new Layer({ tileSize: TILE, updateWhenZooming: false, className: "map-outlines" });
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", () => layer.redraw());
  return layer;
}

function drawTile(tile, { x, y, z }, size, outlines, style) {
  const sharp = Math.min(window.devicePixelRatio || 1, 2);
  tile.width = size * sharp;
  tile.height = size * sharp;
  const ground = tile.getContext("2d");
  ground.scale(sharp, sharp);
  const world = 256 * 2 ** z;
  const frame = { left: x * size, top: y * size, world, size };
  const seen = ({ box }) =>
    box[2] * world >= frame.left - 2 &&
    box[0] * world <= frame.left + size + 2 &&
    box[3] * world >= frame.top - 2 &&
    box[1] * world <= frame.top + size + 2;

  ground.beginPath();
  for (const district of outlines.districts.filter(seen)) {
    for (const ring of district.rings) {
      trace(ground, ring, frame);
      ground.closePath();
    }
  }
  ground.fillStyle = style.getPropertyValue("--map-land");
  ground.fill("evenodd");
  ground.lineJoin = "round";
  const lines = outlines.lines.filter(seen);
  for (const [kind, colour, width] of LINES) {
    // From far away the lines of districts are only noise.
    if (kind === "district" && z < 8) {
      continue;
    }
    ground.beginPath();
    for (const line of lines) {
      if (line.kind === kind) {
        trace(ground, line.points, frame);
      }
    }
    ground.strokeStyle = style.getPropertyValue(colour);
    ground.lineWidth = width;
    ground.stroke();
  }
}

function trace(ground, points, { left, top, world }) {
  let lastX = points[0] * world - left;
  let lastY = points[1] * world - top;
  ground.moveTo(lastX, lastY);
  const end = points.length - 2;
  for (let at = 2; at <= end; at += 2) {
    const x = points[at] * world - left;
    const y = points[at + 1] * world - top;
    const step = Math.abs(x - lastX) + Math.abs(y - lastY);
    if (step >= SMALLEST_STEP || at === end) {
      ground.lineTo(x, y);
      lastX = x;
      lastY = y;
    }
  }
}
