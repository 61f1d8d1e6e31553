/** Words for a nurse: short sentences of common words in three languages, and no text forgotten in any. */

import { describe, expect, test } from "vitest";

import type { Verdict } from "../source/model/variant";
import { besideOf, testedOf } from "../source/texts/tested";
import { filled, LANGUAGES, languageOf, type Texts, words } from "../source/texts/texts";

/** Texts that somebody reads as prose; names of buttons are none. */
const MAIN: (keyof Texts)[] = [
  "intro",
  "private",
  "saveNote",
  "mapText",
  "mapWhere",
  "outlineText",
  "covers",
  "boxText",
  "surest",
  "tooUnsure",
  "above",
  "below",
  "likely",
  "unlikely",
  "unlikeFilm",
  "unlikeBrightness",
  "unlikeContrast",
  "unlikeInside",
  "narrow",
  "unknownFilms",
  "photo",
  "found",
  "missed",
  "mistaken",
  "tested",
  "testedFilms",
  "untested",
  "disagree",
  "unusable",
  "forWhomText",
  "unfinished",
  "selfTest",
  "offline",
];

// Reading ease: Flesch 1948 (English), Kandel and Moles 1958 (French), Fernández Huerta 1959 (Spanish).
const EASE: Record<string, (syllables: number, sentence: number) => number> = {
  en: (syllables, sentence) => 206.835 - 84.6 * syllables - 1.015 * sentence,
  fr: (syllables, sentence) => 207 - 73.6 * syllables - 1.015 * sentence,
  es: (syllables, sentence) => 206.84 - 60 * syllables - 1.02 * sentence,
};

function syllables(word: string, language: string): number {
  const lower = word.toLowerCase();
  const groups = lower.match(/[aeiouyàâäéèêëîïôöùûüáíóúœæ]+/g)?.length ?? 1;
  const silent =
    language === "en" ? /[^aeiouyl]e$|[^aeiouytd]ed$/ : language === "fr" ? /[^aeiouyéè](e|es|ent)$/ : /$^/;
  return Math.max(groups - (silent.test(lower) && groups > 1 ? 1 : 0), 1);
}

function prose(texts: Texts): string {
  const main = MAIN.map((name) => String(texts[name]));
  return [...main, ...Object.values(texts.reasons)].join(" ").replace(/\{\w+\}/g, "40");
}

/** Return how easily a text reads, 0 to 100 and more. */
function ease(text: string, language: string): number {
  const found = text.match(/\p{L}+/gu) ?? [];
  const sentences = text.split(/[.!?]+\s/).filter((part) => /\p{L}/u.test(part)).length;
  const counted = found.reduce((sum, word) => sum + syllables(word, language), 0);
  return EASE[language](counted / found.length, found.length / sentences);
}

describe("texts", () => {
  for (const [code, texts] of Object.entries(LANGUAGES))
    test(`${code} reads easily`, () => {
      const score = ease(prose(texts), code);
      console.log(`${code}: reading ease ${score.toFixed(0)}`);
      expect(score).toBeGreaterThanOrEqual(60);
    });

  test("every text names the same numbers in all languages", () => {
    const named = (text: unknown) => [...JSON.stringify(text).matchAll(/\{\w+\}/g)].map(String).sort();
    for (const texts of Object.values(LANGUAGES))
      for (const name of Object.keys(LANGUAGES.en) as (keyof Texts)[])
        expect(named(texts[name]), name).toEqual(named(LANGUAGES.en[name]));
  });

  test("patients are spoken of only where they are patients", () => {
    const verdict = { films: 60, patients: 25, verdict: "too few patients" } as Verdict;
    for (const texts of Object.values(LANGUAGES)) {
      const known = { verdict, counted: "patients" };
      const alike = { verdict, counted: "groups of like films" };
      expect(testedOf(texts, known)).toContain("25");
      expect(testedOf(texts, { verdict })).toBe(testedOf(texts, known)); // of earlier exports
      expect(testedOf(texts, alike)).not.toContain("25");
      expect(testedOf(texts, { ...known, verdict: null })).toBe(texts.untested);
      expect(besideOf(texts, known)).toBe(texts.verdicts["too few patients"]);
      expect(besideOf(texts, alike)).toBe(texts.tooFewFilms);
    }
  });

  test("a variant that cannot be compared is said to be so in words", () => {
    const verdict = { verdict: "non-inferior", conclusion: "undefined" } as Verdict;
    for (const texts of Object.values(LANGUAGES)) {
      expect(besideOf(texts, { verdict })).toMatch(/\s/);
      expect(besideOf(texts, { verdict: { ...verdict, conclusion: undefined } })).toBe(
        texts.verdicts["non-inferior"],
      );
      expect(besideOf(texts, { verdict: null })).toBe("");
    }
  });

  test("the browser's language is taken, or English", () => {
    expect(languageOf(["de-DE", "fr-CA", "en"])).toBe("fr");
    expect(languageOf(["de"])).toBe("en");
    expect(filled("{a} of {b}", { a: 1 })).toBe("1 of {b}");
    expect(words("lung_opacity")).toBe("Lung opacity");
  });
});
