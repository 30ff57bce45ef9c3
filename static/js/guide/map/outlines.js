/**
 * The outlines of Korea's districts from a TopoJSON file, as lines on the world of web-mercator:
 * x and y from 0 to 1, y downwards. Two districts share the line between them.
 */

const COAST = "coast";
const PROVINCE = "province";
const DISTRICT = "district";
// So many districts are put together before the page may answer again.
const AT_ONCE = 20;

/** Return where a position lies on the world, [x, y]. */
export function spotOf(latitude, longitude) {
  const north = Math.log(Math.tan(Math.PI / 4 + (latitude * Math.PI) / 360));
  return [longitude / 360 + 0.5, 0.5 - north / (2 * Math.PI)];
}

export async function loadOutlines(address) {
  const answer = await fetch(address);
  if (!answer.ok) {
    throw new Error(`The outlines answer ${answer.status}.`);
  }
  return readOutlines(await answer.json());
}

/**
 * Return { districts, lines, provinces }, in steps that leave the page time to answer.
 * districts: { province, ko, en, at, rings, box }; lines: { kind, points, box }, kind is coast,
 * province or district; points are x, y, x, y …; box is [left, top, right, bottom].
 */
export async function readOutlines(topology) {
  const arcs = topology.arcs.map((arc) => decoded(arc, topology.transform));
  const owners = arcs.map(() => []);
  const districts = [];
  for (const shape of topology.objects.districts.geometries) {
    if (districts.length % AT_ONCE === 0) {
      await pause();
    }
    const { province, ko, en, at } = shape.properties;
    const polygons = shape.type === "Polygon" ? [shape.arcs] : shape.arcs;
    const rings = polygons.flat().map((ring) => {
      for (const number of ring) {
        owners[number < 0 ? ~number : number].push(province);
      }
      return joined(ring, arcs);
    });
    districts.push({ province, ko, en, at, rings, box: boxOf(rings) });
  }
  await pause();
  const lines = arcs.map((points, number) => ({
    kind: kindOf(owners[number]),
    points,
    box: boxOf([points]),
  }));
  return { districts, lines, provinces: topology.provinces };
}

const pause = () => new Promise((resolve) => setTimeout(resolve));

function decoded(arc, { scale, translate }) {
  const points = new Float64Array(arc.length * 2);
  let east = 0;
  let north = 0;
  arc.forEach(([stepEast, stepNorth], number) => {
    east += stepEast;
    north += stepNorth;
    const spot = spotOf(north * scale[1] + translate[1], east * scale[0] + translate[0]);
    points.set(spot, number * 2);
  });
  return points;
}

function joined(ring, arcs) {
  const points = [];
  for (const number of ring) {
    const arc = arcs[number < 0 ? ~number : number];
    for (let step = 0; step < arc.length; step += 2) {
      const at = number < 0 ? arc.length - 2 - step : step;
      points.push(arc[at], arc[at + 1]);
    }
  }
  return Float64Array.from(points);
}

function kindOf(provinces) {
  if (provinces.length < 2) {
    return COAST;
  }
  return provinces[0] === provinces[1] ? DISTRICT : PROVINCE;
}

function boxOf(rings) {
  const box = [1, 1, 0, 0];
  for (const points of rings) {
    for (let at = 0; at < points.length; at += 2) {
      box[0] = Math.min(box[0], points[at]);
      box[1] = Math.min(box[1], points[at + 1]);
      box[2] = Math.max(box[2], points[at]);
      box[3] = Math.max(box[3], points[at + 1]);
    }
  }
  return box;
}
