// The worker that opens the guide without a network. Where there is none, nothing is missing.
if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("/service-worker.js", { scope: "/" }).catch(() => {});
}
