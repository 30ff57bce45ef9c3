// What the admin's theme says in its pages, as functions: the build of Alpine that evaluates no text
// (a policy without 'unsafe-eval') finds only what it is given here, and takes one expression at a time.

"use strict";
{
  const SIDEBAR = "sidebarDesktopOpen";

  document.addEventListener("alpine:init", () => {
    const { Alpine } = window;
    for (const part of [searchForm, searchDropdown, searchCommand]) Alpine.data(part.name, part);
    // The whole page lies inside this one.
    Alpine.data("theme", (chosen) => ({
      ...theme(chosen),
      // What belongs to the window itself is refused to expressions.
      moveRecords: (event) => moveRecords(event),
      sortRecords: (event) => sortRecords(event),
      sidebarWasOpen: () => localStorage.getItem(SIDEBAR) !== "0",
      beginPage(tab) {
        this.activeTab = (tab && getCurrentTab()) || tab;
        this.$watch(SIDEBAR, (open) => localStorage.setItem(SIDEBAR, open ? "1" : "0"));
      },
      addressOfTab(tab) {
        const { pathname, search } = window.location;
        return pathname + search + (tab && tab !== "general" ? `#${tab}` : "");
      },
      openSearch() {
        this.openSearchResults = true;
        this.currentIndex = 0;
      },
      closeSearch(field) {
        this.openSearchResults = false;
        if (field.value === "") field.blur();
        else field.value = "";
      },
    }));
  });

  // The same for htmx, which would also write a style block of its own.
  htmx.config.allowEval = false;
  htmx.config.includeIndicatorStyles = false;
}
