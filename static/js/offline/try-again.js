/** Opens the wanted page again on a press, and by itself once the guide answers. */

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30_000;

let waiting;

async function look(pause) {
  clearTimeout(waiting);
  if (navigator.onLine && (await answers())) {
    location.reload();
  } else {
    waiting = setTimeout(() => look(Math.min(pause * 1.5, LONGEST_PAUSE)), pause);
  }
}

async function answers() {
  try {
    await fetch(location.href, { method: "HEAD", cache: "no-store" });
    return true;
  } catch {
    return false;
  }
}

document.querySelector("[data-again]").addEventListener("click", () => location.reload());
// A network that is back for a moment, or without the guide behind it, is none.
window.addEventListener("online", () => look(FIRST_PAUSE));
// Somebody who looks at the address itself is not waiting for anything.
if (!/\/offline\/$/.test(location.pathname)) {
  look(FIRST_PAUSE);
}
