/** What is always in sight: the notice and the language above, what becomes of films below. */

import { LANGUAGES } from "../texts/texts";
import { choice, labelled, make } from "./elements";
import { type State, textsOf } from "./state";

/** Return what stands above the page. */
export function headerParts(state: State, speak: (code: string) => void): HTMLElement[] {
  const texts = textsOf(state);
  const entries = Object.entries(LANGUAGES).map(([code, { name }]) => [code, name] as const);
  return [
    make("h1", {}, texts.title),
    labelled(texts.language, choice(entries, state.language, speak)),
    make("p", { className: "notice" }, texts.notice),
  ];
}

/** Return what stands below the page; `kept` says whether it is saved on this device. */
export function footerParts(state: State, kept: boolean): HTMLElement[] {
  const texts = textsOf(state);
  const said = [texts.notice, texts.private, ...(kept ? [texts.offline] : [])];
  return said.map((text) => make("p", {}, text));
}
