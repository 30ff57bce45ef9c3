// Ctrl+S, or Cmd+S, saves a form of the admin and stays on it.

"use strict";
{
  const keep = () => document.querySelector("#submit-row [name=_continue]");

  document.addEventListener("DOMContentLoaded", () => {
    keep()?.setAttribute("aria-keyshortcuts", "Control+S Meta+S");
    // Lists that are searched tell of a choice through jQuery only, and also while they are made;
    // the theme's warning before leaving listens for what a browser says itself.
    const jQuery = window.django?.jQuery;
    jQuery?.(".admin-autocomplete").each((_, list) => {
      const chosen = () => String(jQuery(list).val());
      let held = chosen();
      jQuery(list).on("change", () => {
        if (chosen() === held) return;
        held = chosen();
        list.dispatchEvent(new Event("input", { bubbles: true }));
      });
    });
  });
  document.addEventListener("keydown", (event) => {
    const pressed = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
    const button = keep();
    // By the key's place too: with Korean letters on, it is no "s".
    if (!pressed || !button || (event.key.toLowerCase() !== "s" && event.code !== "KeyS")) return;
    event.preventDefault();
    // What is typed in the field at hand counts, also where it speaks up only when left.
    document.activeElement?.blur();
    button.form.requestSubmit(button);
  });
}
