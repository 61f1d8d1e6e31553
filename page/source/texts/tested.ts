/** What a page says of a variant's test: on how many films of how many patients, and how it did beside its original. */

import type { Variant } from "../model/variant";
import { filled, type Texts } from "./texts";

const PATIENTS = "patients"; // where they are known; else films that look alike were counted, or each film by itself

/** Return on what a variant was tested; of patients only where they are patients. */
export function testedOf(texts: Texts, { verdict, counted }: Pick<Variant, "verdict" | "counted">): string {
  if (!verdict) return texts.untested;
  const { films, patients } = verdict;
  return (counted ?? PATIENTS) === PATIENTS
    ? filled(texts.tested, { films, patients })
    : filled(texts.testedFilms, { films });
}

/** Return how a variant did beside its original; of outlines mean and 5th percentile must both be as good. */
export function besideOf(texts: Texts, { verdict, counted }: Pick<Variant, "verdict" | "counted">): string {
  const said = verdict ? (verdict.conclusion ?? verdict.verdict) : null;
  if (said === null) return "";
  if (said === "too few patients" && (counted ?? PATIENTS) !== PATIENTS) return texts.tooFewFilms;
  return texts.verdicts[said] ?? said;
}
