/** Films come in: dropped anywhere, chosen, or photographed. */

import type { Texts } from "../texts/texts";
import { make } from "./elements";

/** Takes films that came in. */
export type Take = (files: File[], photo: boolean) => void;

/** Return the panel by which films come in. */
export function choosingPanel(texts: Texts, take: Take): HTMLElement {
  return make(
    "section",
    { className: "choosing" },
    make("p", { className: "intro" }, texts.intro),
    make("div", { className: "tools" }, picker(texts.choose, take, false), picker(texts.camera, take, true)),
    make("p", { className: "quiet" }, `${texts.kinds}; ${texts.drop}.`),
  );
}

function picker(text: string, take: Take, photo: boolean): HTMLElement {
  const input = make("input", { type: "file", multiple: !photo, className: "picker" });
  if (photo) {
    input.accept = "image/jpeg,image/png";
    input.setAttribute("capture", "environment");
  }
  input.onchange = () => {
    take([...(input.files ?? [])], photo);
    input.value = "";
  };
  return make("label", { className: photo ? "button second" : "button" }, input, text);
}

/** Take films that are dropped anywhere on the page, with what lies in folders. */
export function takeDropped(take: Take): void {
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("over");
  });
  document.addEventListener("dragleave", () => document.body.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("over");
    const entries = [...(event.dataTransfer?.items ?? [])].map((item) => item.webkitGetAsEntry?.() ?? null);
    const plain = [...(event.dataTransfer?.files ?? [])];
    if (!entries.some((entry) => entry?.isDirectory)) return take(plain, false);
    void Promise.all(entries.map(filesOf)).then((found) => take(found.flat(), false));
  });
}

async function filesOf(entry: FileSystemEntry | null): Promise<File[]> {
  if (!entry) return [];
  if (entry.isFile)
    return new Promise((resolve) =>
      (entry as FileSystemFileEntry).file(
        (file) => resolve([file]),
        () => resolve([]),
      ),
    );
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: FileSystemEntry[] = [];
  for (;;) {
    const more = await new Promise<FileSystemEntry[]>((resolve) =>
      reader.readEntries(resolve, () => resolve([])),
    );
    if (!more.length) break;
    found.push(...more);
  }
  return (await Promise.all(found.map(filesOf))).flat();
}
