/** The page kept on the device: whole or not at all, and a newer one only when the reader says so. */

/** What became of the page on this device. */
export interface Kept {
  kept(): void;
  newer(use: () => void): void;
}

/** Keep the page for use without a network, and say when there is a newer one. */
export async function keepPage(said: Kept): Promise<void> {
  const workers = navigator.serviceWorker;
  if (!workers) return;
  const first = !workers.controller;
  let reloading = false;
  workers.addEventListener("controllerchange", () => {
    if (first || reloading) return;
    reloading = true;
    location.reload();
  });
  const registration = await workers.register("./service-worker.js", { updateViaCache: "none" });
  const announce = () => {
    if (registration.waiting && workers.controller)
      said.newer(() => registration.waiting?.postMessage("use"));
  };
  announce();
  registration.addEventListener("updatefound", () => {
    registration.installing?.addEventListener("statechange", announce);
  });
  await workers.ready;
  said.kept();
}
