// Arithmetic of positions: no page, no map.

/** Read "37.5759, 126.9768" (latitude first); null for anything else. */
export function parsePosition(text) {
  const numbers = text.trim().split(/[\s,;]+/).filter(Boolean).map(Number);
  if (numbers.length !== 2 || numbers.some(Number.isNaN)) return null;
  let [lat, lng] = numbers;
  // A latitude above 90 can only be a longitude: the two were swapped.
  if (Math.abs(lat) > 90 && Math.abs(lng) <= 90) [lat, lng] = [lng, lat];
  return Math.abs(lat) <= 90 && Math.abs(lng) <= 180 ? { lat, lng } : null;
}

function inRing(ring, { lat, lng }) {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [x, y] = ring[i];
    const [px, py] = ring[j];
    if (y > lat !== py > lat && lng < ((px - x) * (lat - y)) / (py - y) + x) inside = !inside;
  }
  return inside;
}

/** Return the properties of the district that a position lies in, or null. */
export function districtAt(districts, position) {
  const found = districts.find(({ geometry }) =>
    geometry.coordinates.some(
      ([outer, ...holes]) =>
        inRing(outer, position) && !holes.some((hole) => inRing(hole, position)),
    ),
  );
  return found?.properties ?? null;
}

/**
 * Tell whether the name of a region means a district: 경기도 수원시 means 수원시장안구.
 * Provinces are compared by their first letter only, since 전라북도 became 전북특별자치도.
 */
export function sameDistrict({ province, district }, region) {
  const [first, ...within] = region.split(/\s+/);
  if (first[0] !== province[0]) return false;
  return within.length === 0 || !district || within.some((name) => district.startsWith(name));
}
