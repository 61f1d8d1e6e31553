/** The list saved as CSV: the one way in which anything of a film leaves the page. */

import { csvOf } from "../decision/table";
import { make } from "./elements";
import { cellsOf } from "./film_list";
import { type Film, type State, textsOf, variantOf } from "./state";

/** Offer the list as a file. */
export function saveTable(state: State): void {
  const variant = variantOf(state);
  if (!variant) return;
  const rows = state.films.map((film) => ({
    file: film.file.webkitRelativePath || film.file.name,
    imageId: film.imageId,
    decision: film.answers.get(state.key)?.decision ?? null,
    reason: film.reason ?? "",
    warning: warningCell(state, film),
  }));
  const address = URL.createObjectURL(new Blob([csvOf(variant, rows)], { type: "text/csv" }));
  make("a", { href: address, download: "films.csv" }).click();
  URL.revokeObjectURL(address);
}

function warningCell(state: State, film: Film): string {
  if (film.reason || !film.answers.has(state.key)) return "";
  const warning = cellsOf(state, film)[2];
  return warning === textsOf(state).none ? "" : warning;
}
