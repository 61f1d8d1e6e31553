/** The page's words: one language at a time, the browser's own to begin with. */

import { english, type Texts } from "./english";
import { french } from "./french";
import { spanish } from "./spanish";

export type { Texts };

export const LANGUAGES: Readonly<Record<string, Texts>> = { en: english, fr: french, es: spanish };

/** Return the first of some wanted languages that there is; English where there is none. */
export function languageOf(wanted: readonly string[]): string {
  const codes = wanted.map((each) => each.slice(0, 2).toLowerCase());
  return codes.find((code) => code in LANGUAGES) ?? "en";
}

/** Return a text with what stands in braces filled in. */
export function filled(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Return a label of a model as words. */
export function words(label: string): string {
  const spaced = label.replaceAll("_", " ").trim();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
