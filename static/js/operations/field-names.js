// Names for fields that the theme leaves without one: lists that are searched while one types,
// and the cells of tables that take several rows. A reader of the screen says them.

"use strict";
{
  const nameList = (select) => {
    const label = document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
    const box = select.nextElementSibling?.querySelector("[role=combobox]");
    const shown = box?.querySelector("[role=textbox]");
    if (!label || !shown) return;
    label.id ||= `${select.id}-label`;
    box.setAttribute("aria-labelledby", `${label.id} ${shown.id}`);
    shown.setAttribute("aria-labelledby", label.id);
  };

  const nameCell = (field) => {
    if (!field.labels.length) field.setAttribute("aria-label", field.closest("td").dataset.label);
  };

  const nameAll = () => {
    document.querySelectorAll("select.select2-hidden-accessible").forEach(nameList);
    document
      .querySelectorAll("td[data-label] :is(input:not([type=hidden]), select, textarea)")
      .forEach(nameCell);
  };

  // The lists are made, some twice, by what waits in jQuery when the page has come, and again in each row that is added.
  window.addEventListener("load", () => (window.django?.jQuery ?? ((then) => then()))(nameAll));
  document.addEventListener("formset:added", () => window.setTimeout(nameAll));
}
