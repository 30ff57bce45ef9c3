/** The server did not answer: the line is down or the server is. Sending again may work. */
export class Unreachable extends Error {}

/** The server's refusal: `status`, its stable `code`, a sentence `detail`, and `errors` by field. */
export class Refused extends Error {
  constructor(status, { code = "", detail = "", errors = {} }) {
    super(code);
    Object.assign(this, { status, code, detail, errors });
  }
}

const SECONDS = 20;

/** Call an address of the workbench; returns the answer, null for "nothing". */
export async function call(path, body = {}, method = "POST") {
  const lang = document.documentElement.lang;
  let response;
  try {
    response = await fetch(`/annotate/api/${path}${path.includes("?") ? "&" : "?"}lang=${lang}`, {
      method,
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
      body: method === "GET" ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(SECONDS * 1000),
    });
    if (response.status === 204) {
      return null;
    }
    const answer = await response.json();
    if (response.ok) {
      return answer;
    }
    if (response.status < 500) {
      throw new Refused(response.status, answer);
    }
  } catch (error) {
    if (error instanceof Refused) {
      throw error;
    }
  }
  throw new Unreachable();
}

function csrfToken() {
  const cookie = document.cookie.match(/(?:^|; )(?:__Host-)?csrftoken=([^;]+)/);
  return cookie ? decodeURIComponent(cookie[1]) : "";
}
