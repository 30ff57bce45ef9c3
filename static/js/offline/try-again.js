/** Opens the wanted page again on a press, and by itself once the guide answers. */

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30_000;

async function look(pause) {
  if (navigator.onLine && (await answers())) {
    location.reload();
  } else {
    setTimeout(() => look(Math.min(pause * 1.5, LONGEST_PAUSE)), pause);
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
window.addEventListener("online", () => location.reload());
// Somebody who looks at the address itself is not waiting for anything.
if (!/\/offline\/$/.test(location.pathname)) {
  look(FIRST_PAUSE);
}
