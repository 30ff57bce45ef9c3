/** Drafts in this browser: written at every change, before any line is needed. */
const PREFIX = "gilnun-draft:";
const KEPT = 30;

const key = (user, task) => `${PREFIX}${user}:${task}`;

export function keepDraft(user, task, content) {
  try {
    localStorage.setItem(key(user, task), JSON.stringify({ ...content, at: Date.now() }));
    forgetOldest();
  } catch {
    // Without storage (private window, full disk) the server's copy has to do.
  }
}

export function draftOf(user, task) {
  try {
    return JSON.parse(localStorage.getItem(key(user, task)));
  } catch {
    return null;
  }
}

export function dropDraft(user, task) {
  try {
    localStorage.removeItem(key(user, task));
  } catch {
    // There is no storage, so there is no draft in it.
  }
}

function forgetOldest() {
  const kept = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
  if (kept.length > KEPT) {
    const age = (name) => JSON.parse(localStorage.getItem(name)).at ?? 0;
    kept.sort((one, other) => age(one) - age(other));
    kept.slice(0, kept.length - KEPT).forEach((name) => localStorage.removeItem(name));
  }
}
