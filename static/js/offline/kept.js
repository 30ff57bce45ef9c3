/** Places that this browser keeps: page, pictures and files in a cache, the list beside it. */

const CACHE = "gilnun-kept";
const LIST = "gilnun-kept-places";
// Of the sizes that a picture has, the smallest that still looks well on a phone.
const LEAST_WIDTH = 640;
const MOST_PICTURES = 6;

/** Return [{ slug, name, about, picture, pages, pictures, files, at }], the last kept first. */
export function keptPlaces() {
  try {
    const read = JSON.parse(localStorage.getItem(LIST));
    return Array.isArray(read) ? read : [];
  } catch {
    return [];
  }
}

export const canKeep = () => "caches" in window && "serviceWorker" in navigator;

/**
 * Keep a place, or bring it up to date. `pages` are the paths of its page, one a language, the
 * one at hand first. Throws where a page cannot be fetched; then nothing has changed.
 */
export async function keep({ slug, name, about, pages }) {
  const fetched = await Promise.all(pages.map(fetchPage));
  const cache = await caches.open(CACHE);
  const shown = smallPictures(fetched[0].text);
  const sketches = sketchesOf(fetched[0].text);
  const files = [...new Set(fetched.flatMap(({ text }) => filesOf(text)))];
  const found = await Promise.all([...shown, ...sketches, ...files].map(fetchIfThere));
  for (const [path, answer] of found.filter(Boolean)) {
    await cache.put(path, answer);
  }
  const at = new Date().toISOString();
  for (const { path, text, answer } of fetched) {
    const headers = new Headers(answer.headers);
    headers.set("X-Kept-At", at);
    await cache.put(path, new Response(text, { headers }));
  }
  const others = keptPlaces().filter((each) => each.slug !== slug);
  const [picture = "", ...more] = shown.map(pathOf);
  const pictures = [picture, ...more, ...sketches].filter(Boolean);
  const kept = { slug, name, about, picture, pages, at, pictures, files };
  store([kept, ...others]);
  await sweep();
}

/** Give a place up, with everything that no other kept place needs. */
export async function drop(slug) {
  store(keptPlaces().filter((each) => each.slug !== slug));
  await sweep();
}

async function sweep() {
  const needed = new Set(
    keptPlaces().flatMap(({ pages, pictures, files }) => [...pages, ...pictures, ...files]),
  );
  const cache = await caches.open(CACHE);
  for (const request of await cache.keys()) {
    if (!needed.has(new URL(request.url).pathname)) {
      await cache.delete(request);
    }
  }
}

function store(places) {
  localStorage.setItem(LIST, JSON.stringify(places));
}

async function fetchPage(path) {
  const answer = await fetch(path, { credentials: "omit", cache: "no-cache" });
  if (!answer.ok) {
    throw new Error(`${path} answers ${answer.status}.`);
  }
  return { path, answer, text: await answer.text() };
}

async function fetchIfThere(address) {
  try {
    const answer = await fetch(address, { credentials: "omit" });
    return answer.ok ? [pathOf(address), answer] : null;
  } catch {
    // A picture less is no reason to lose the place.
    return null;
  }
}

function smallPictures(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const everything = [...page.querySelectorAll("[data-landmark-page] img")];
  const images = everything.filter((image) => !image.closest("[data-place-map]"));
  const small = images.map((image) => {
    const sources = [...(image.closest("picture")?.querySelectorAll("source[type]") || [])];
    const sizes = sources.map((source) => smallest(source.srcset)).filter(Boolean);
    // The formats stand from small to large; AVIF and WebP are known wherever workers are.
    return sizes[0] || image.getAttribute("src");
  });
  return [...new Set(small.filter(own))].slice(0, MOST_PICTURES);
}

function sketchesOf(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const drawn = page.querySelectorAll("[data-place-map] source, [data-place-map] img");
  return [...drawn].map((each) => each.getAttribute("srcset") || each.getAttribute("src"));
}

function smallest(srcset) {
  const sizes = srcset
    .split(",")
    .map((each) => each.trim().split(/\s+/))
    .map(([address, width]) => [address, Number.parseInt(width, 10) || 0])
    .sort((one, other) => one[1] - other[1]);
  return (sizes.find(([, width]) => width >= LEAST_WIDTH) || sizes.at(-1))?.[0];
}

/** The styles and scripts of a page, for those that are not in the shell. */
function filesOf(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  return [...page.querySelectorAll("link[rel=stylesheet], script[src]")]
    .map((each) => each.getAttribute("href") || each.getAttribute("src"))
    .filter(own);
}

function own(address) {
  return Boolean(address) && new URL(address, location.href).origin === location.origin;
}

/** What is kept is found by its path: a query only tells one state of a picture from another. */
function pathOf(address) {
  return new URL(address, location.href).pathname;
}
