/** The last answers of this browser. They are noted on the device only, and can be forgotten. */

const LIST = "gilnun-answers";
const MOST = 12;
const RECEIPT = /\/recognize\/([0-9a-f-]{36})\//;
const SIDE = 96;

function noted() {
  try {
    const read = JSON.parse(localStorage.getItem(LIST));
    return Array.isArray(read) ? read : [];
  } catch {
    return [];
  }
}

function note(answers) {
  try {
    localStorage.setItem(LIST, JSON.stringify(answers.slice(0, MOST)));
  } catch {
    // No room, or not allowed: the answer itself stays at its address.
  }
}

function forget(receipt) {
  note(noted().filter((each) => each.receipt !== receipt));
}

const receiptHere = () => RECEIPT.exec(location.pathname)?.[1];

/** Notes the answer that the page shows, with a small picture of the photo. */
class RememberAnswer extends HTMLElement {
  connectedCallback() {
    const photo = document.querySelector(".answer-photo img");
    if (photo.complete) {
      this.#note(photo);
    } else {
      photo.addEventListener("load", () => this.#note(photo), { once: true });
    }
  }

  #note(photo) {
    const receipt = receiptHere();
    const others = noted().filter((each) => each.receipt !== receipt);
    const held = noted().find((each) => each.receipt === receipt);
    const at = held?.at || new Date().toISOString();
    const answer = { receipt, text: this.dataset.text, at, picture: small(photo) };
    note([answer, ...others].sort((one, other) => (one.at < other.at ? 1 : -1)));
  }
}

function small(photo) {
  const canvas = document.createElement("canvas");
  canvas.width = SIDE;
  canvas.height = SIDE;
  const side = Math.min(photo.naturalWidth, photo.naturalHeight);
  const left = (photo.naturalWidth - side) / 2;
  const top = (photo.naturalHeight - side) / 2;
  canvas.getContext("2d").drawImage(photo, left, top, side, side, 0, 0, SIDE, SIDE);
  return canvas.toDataURL("image/jpeg", 0.7);
}

/** Stands on the page of a deleted answer. */
class ForgetAnswer extends HTMLElement {
  connectedCallback() {
    forget(receiptHere());
  }
}

class RecentAnswers extends HTMLElement {
  connectedCallback() {
    this.querySelector("[data-part=all]").addEventListener("click", () => {
      note([]);
      this.#show();
    });
    this.#show();
    window.addEventListener("pageshow", (event) => event.persisted && this.#show());
  }

  #show() {
    const model = this.querySelector("template").content.firstElementChild;
    const answers = noted();
    this.querySelector("ul").replaceChildren(...answers.map((each) => this.#entry(model, each)));
    this.hidden = answers.length === 0;
  }

  #entry(model, { receipt, text, at, picture }) {
    const entry = model.cloneNode(true);
    const link = entry.querySelector("a");
    link.href = `${this.dataset.address}${receipt}/`;
    link.querySelector("span").textContent = text;
    link.querySelector("img").src = picture;
    const time = entry.querySelector("time");
    time.dateTime = at;
    time.textContent = new Date(at).toLocaleDateString(document.documentElement.lang, {
      dateStyle: "medium",
    });
    const button = entry.querySelector("button");
    button.setAttribute("aria-label", `${button.textContent}: ${text}`);
    button.addEventListener("click", () => {
      forget(receipt);
      this.#show();
    });
    return entry;
  }
}

customElements.define("remember-answer", RememberAnswer);
customElements.define("forget-answer", ForgetAnswer);
customElements.define("recent-answers", RecentAnswers);
