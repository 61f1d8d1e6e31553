/** The list of films with their answers; a film is chosen by its name. */

import { filled, words } from "../texts/texts";
import { hundredths, shortAnswer, warningsOf } from "./answers";
import { button, make } from "./elements";
import { type Film, type State, textsOf, variantOf } from "./state";

/** What somebody can do with the list. */
export interface ListActs {
  show(film: Film): void;
  save(): void;
  print(): void;
  clear(): void;
}

/** Return the list. */
export function filmList(state: State, acts: ListActs): HTMLElement | null {
  if (!state.films.length) return null;
  const texts = textsOf(state);
  const heads = [texts.film, texts.answer, texts.number, texts.warning];
  const head = make("thead", {}, make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text))));
  const body = make("tbody", {}, ...state.films.map((film) => row(state, film, acts)));
  const tools = make(
    "div",
    { className: "tools" },
    button(texts.save, acts.save),
    button(texts.print, acts.print),
    button(texts.clear, acts.clear),
  );
  return make(
    "section",
    { className: "list" },
    make("h2", {}, texts.films),
    make("table", {}, head, body),
    tools,
    make("p", { className: "quiet" }, texts.saveNote),
  );
}

function row(state: State, film: Film, acts: ListActs): HTMLElement {
  const texts = textsOf(state);
  const name = button(film.file.name, () => acts.show(film), "name");
  if (film === state.shown) name.setAttribute("aria-current", "true");
  const cells = cellsOf(state, film);
  const heads = [texts.answer, texts.number, texts.warning];
  const made = make(
    "tr",
    {},
    make("th", { scope: "row" }, name),
    ...cells.map((text, n) => {
      const cell = make("td", {}, text);
      cell.dataset.head = heads[n];
      return cell;
    }),
  );
  return made;
}

/** Return answer, number and warning of a film, as text. */
export function cellsOf(state: State, film: Film): [string, string, string] {
  const texts = textsOf(state);
  const [variant, answer] = [variantOf(state), film.answers.get(state.key)];
  if (film.reason) return [texts.unread, "", texts.reasons[film.reason]];
  if (!variant || !answer) return [texts.waiting, "", ""];
  const warnings = warningsOf(texts, film, variant, answer.unlike).join(" ");
  const shown = answer.decision.said.filter((said) => said.positive).concat(answer.decision.said)[0];
  const value = shown.share ?? shown.surest ?? shown.probability;
  const number = Number.isFinite(value) ? hundredths(value) : "";
  const several = answer.decision.said.length > 1 ? `${words(shown.label)}: ` : "";
  return [shortAnswer(texts, answer), `${several}${number}`, warnings || texts.none];
}

/** Return how far the reading is, in words. */
export function progress(state: State): string {
  const texts = textsOf(state);
  const all = state.films.length;
  const read = state.films.filter((film) => film.reason || film.answers.has(state.key)).length;
  if (!all) return state.ready ? texts.ready : texts.starting;
  return read < all ? filled(texts.reading, { n: read + 1, all }) : filled(texts.done, { n: all });
}
