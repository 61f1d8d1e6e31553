/** What a test's sensitivity and specificity mean for 1,000 patients, of whom some have the finding. */

import type { Verdict } from "../model/variant";

export const PATIENTS = 1000;

/** Whole numbers of patients. */
export interface Thousand {
  readonly ill: number;
  readonly found: number;
  readonly missed: number;
  readonly missedLow: number;
  readonly missedHigh: number;
  readonly healthy: number;
  readonly mistaken: number;
  readonly mistakenLow: number;
  readonly mistakenHigh: number;
}

/** Return what happens to 1,000 patients; null where the test says nothing of it. */
export function thousand(verdict: Verdict | null, ill: number): Thousand | null {
  if (!verdict || verdict.sensitivity === null || verdict.specificity === null) return null;
  const healthy = PATIENTS - ill;
  const missed = (sensitivity: number | null) => Math.round(ill * (1 - (sensitivity ?? 0)));
  const mistaken = (specificity: number | null) => Math.round(healthy * (1 - (specificity ?? 0)));
  const [s, t] = [verdict.sensitivity, verdict.specificity];
  return {
    ill,
    healthy,
    found: ill - missed(s),
    missed: missed(s),
    missedLow: missed(verdict.sensitivity_high ?? s),
    missedHigh: missed(verdict.sensitivity_low ?? s),
    mistaken: mistaken(t),
    mistakenLow: mistaken(verdict.specificity_high ?? t),
    mistakenHigh: mistaken(verdict.specificity_low ?? t),
  };
}

/** Return how many of 1,000 patients had the finding in the test. */
export function illInTest(verdict: Verdict | null): number {
  if (!verdict?.positives || !verdict.films) return 100;
  return Math.round((PATIENTS * verdict.positives) / verdict.films);
}
