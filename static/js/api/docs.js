// The documentation of the API, from the document that the portal itself serves.

const place = document.getElementById("api-docs");
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);

dark.addEventListener("change", follow);
follow();
window.SwaggerUIBundle({
  url: place.dataset.document,
  domNode: place,
  deepLinking: true,
  docExpansion: "list",
  displayRequestDuration: true,
  // It would send the document to a host elsewhere.
  validatorUrl: null,
});
