/** What the page holds while it is open: films by reference, answers, choices. Nothing of it is stored. */

import { illInTest } from "../decision/patients";
import type { Placed, Variant } from "../model/variant";
import { LANGUAGES, languageOf, type Texts } from "../texts/texts";
import type { Answer } from "../worker/messages";
import type { Reason } from "../films/reasons";

/** A film that somebody chose: the file stays where it is and is read again when it is looked at. */
export interface Film {
  readonly file: File;
  readonly photo: boolean;
  imageId: string;
  answers: ReadonlyMap<string, Answer>;
  reason: Reason | null;
}

export interface State {
  language: string;
  films: Film[];
  shown: Film | null;
  variants: Placed[];
  key: string; // the variant that answers
  other: string; // the one that it is compared with, empty for none
  ill: number; // of 1,000 patients
  ready: boolean;
  broken: boolean; // answers differ from the desk's
  opened: Set<string>; // keys of variants
  unusable: string[]; // what variants are called whose files cannot be opened
}

/** Return what a page begins with. */
export function emptyState(): State {
  return {
    language: languageOf(navigator.languages),
    films: [],
    shown: null,
    variants: [],
    key: "",
    other: "",
    ill: 100,
    ready: false,
    broken: false,
    opened: new Set(),
    unusable: [],
  };
}

/** Return the words of the language that is spoken. */
export function textsOf(state: State): Texts {
  return LANGUAGES[state.language];
}

/** Return the variant of a key. */
export function variantOf(state: State, key = state.key): Variant | null {
  return state.variants.find((placed) => placed.key === key)?.variant ?? null;
}

/** Choose the variant that answers. */
export function choose(state: State, key: string): void {
  state.key = key;
  if (state.other === key) state.other = "";
  state.ill = illInTest(variantOf(state)?.verdict ?? null);
}

/** Return the keys of the variants that are asked about every film. */
export function askedKeys(state: State): string[] {
  return [state.key, state.other].filter(Boolean);
}
