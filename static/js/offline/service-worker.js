// GIVEN stands before this file: { version, files, pages }. See apps/guide/offline.py.
// It keeps the shell of this version, and serves places that the visitor chose to keep
// (kept.js writes them). Nothing else is stored: no answers to photos, no staff pages.

const SHELL = `gilnun-shell-${GIVEN.version}`;
const KEPT = "gilnun-kept";
const LEFT_ALONE = /^\/(admin|annotate|api|accounts|metrics|healthz|readyz)(\/|$)/;
const PHOTO = /^(?:\/[a-z-]{2,7})?\/photos\/([0-9a-f-]{36})[/.]/;
const LETTERS = /\.woff2$/;

self.addEventListener("install", (event) => {
  const pages = Object.values(GIVEN.pages).flatMap(({ kept, offline }) => [kept, offline]);
  const wanted = [...GIVEN.files, ...pages].map((address) => new Request(address, FRESH));
  event.waitUntil(
    caches
      .open(SHELL)
      .then((shell) => shell.addAll(wanted))
      .then(() => self.skipWaiting()),
  );
});

// Without cookies: what is kept is what everybody sees.
const FRESH = { credentials: "omit", cache: "no-cache" };

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => names.filter((name) => name !== SHELL && name !== KEPT))
      .then((old) => Promise.all(old.map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (
    request.method !== "GET" ||
    address.origin !== self.location.origin ||
    LEFT_ALONE.test(address.pathname)
  ) {
    return;
  }
  if (request.mode === "navigate") {
    event.respondWith(page(request, address));
  } else if (address.pathname.startsWith("/static/")) {
    event.respondWith(file(request, address));
  } else if (PHOTO.test(address.pathname) || address.pathname.endsWith(".svg")) {
    event.respondWith(picture(request, address));
  }
});

/** The network first; without one, the kept page with the day it is from, or what there is. */
async function page(request, address) {
  try {
    return await fetch(request);
  } catch {
    const held = await (await caches.open(KEPT)).match(address.pathname);
    if (held) {
      return dated(held);
    }
    const shell = await caches.open(SHELL);
    const { kept, offline } = GIVEN.pages[languageOf(address.pathname)];
    return (await shell.match(address.pathname === kept ? kept : offline)) || Response.error();
  }
}

/** The page's own script says from when it is. */
async function dated(held) {
  const text = await held.text();
  const at = held.headers.get("X-Kept-At") || "";
  return new Response(text.replace("<html ", `<html data-kept-at="${at}" `), {
    headers: held.headers,
  });
}

function languageOf(path) {
  const first = path.split("/")[1];
  return first in GIVEN.pages ? first : Object.keys(GIVEN.pages)[0];
}

/** Files have their content's hash in the name: what is kept is right. */
async function file(request, address) {
  const shell = await caches.open(SHELL);
  const held = (await shell.match(request)) || (await (await caches.open(KEPT)).match(request));
  if (held) {
    return held;
  }
  const answer = await fetch(request);
  if (answer.ok && LETTERS.test(address.pathname)) {
    await shell.put(request, answer.clone());
  }
  return answer;
}

/** Without a network, any size of a kept photo will do, of the page in any language. */
async function picture(request, address) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.open(KEPT);
    const same = await kept.match(address.pathname);
    const photo = PHOTO.exec(address.pathname)?.[1];
    if (same || !photo) {
      return same || Promise.reject(error);
    }
    const keys = await kept.keys();
    const other = keys.find((each) => PHOTO.exec(new URL(each.url).pathname)?.[1] === photo);
    return other ? kept.match(other) : Promise.reject(error);
  }
}
