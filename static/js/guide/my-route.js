/**
 * The visitor's own route is the address of its page. This browser remembers the places of the last
 * one, so that the page of another place can add to it and nobody has to begin again.
 */
const NAME = "gilnun-route";
const MOST = 20;

class MyRoute extends HTMLElement {
  connectedCallback() {
    const { places, slug } = this.dataset;
    if (places) {
      remember(places.split(","));
      return;
    }
    const held = remembered();
    if (!held.length || (slug && held.length >= MOST && !held.includes(slug))) {
      return;
    }
    const wanted = !slug || held.includes(slug) ? held : [...held, slug];
    const link = this.querySelector("a");
    link.href = `${this.dataset.plan}?places=${wanted.join()}`;
    if (slug && wanted === held) {
      link.textContent = this.dataset.back;
    }
    this.hidden = false;
  }
}

function remembered() {
  try {
    const slugs = JSON.parse(localStorage.getItem(NAME)) ?? [];
    return slugs.filter((slug) => /^[a-z0-9-]+$/.test(slug));
  } catch {
    return [];
  }
}

function remember(slugs) {
  try {
    localStorage.setItem(NAME, JSON.stringify(slugs));
  } catch {
    // Without room the route is still in the address.
  }
}

customElements.define("my-route", MyRoute);
