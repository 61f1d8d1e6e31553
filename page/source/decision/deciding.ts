/** From what a model answered to what is said of a film: a probability per label, a decision, or why there is none. */

import { boxesOf, surestOf } from "../model/boxes";
import { sharesOf } from "../model/outline";
import type { Variant } from "../model/variant";

export type NoDecision = "no_number" | "outside" | "no_threshold";

/** What is said of a label. */
export interface Said {
  readonly label: string;
  readonly probability: number;
  readonly threshold: number | null;
  readonly positive: boolean | null; // null where there is no decision
  readonly decision: string; // in the model's own words, empty where there is none
  readonly reason: NoDecision | null;
  readonly share?: number; // of the square that is outlined, where that is asked
  readonly boxes?: number; // how many are drawn, where they are asked for
  readonly surest?: number; // the score of the surest of them, drawn or not
  readonly least?: number; // from which score on one is drawn
}

/** What is said of a film: of each label, or which class it is of. */
export interface Decision {
  readonly said: Said[];
  readonly chosen: string | null; // the class, where classes exclude each other
}

/** Decide on what a model answered; comparisons are made in float64, as on the desk. */
export function decide(variant: Variant, outputs: Float32Array): Decision {
  if (variant.task === "classes") return mostProbable(variant, outputs);
  if (variant.task === "outlines") return outlined(variant, outputs);
  if (variant.task === "boxes") return boxed(variant, outputs);
  const binary = variant.task === "binary";
  const probabilities = binary ? outputs.subarray(1) : outputs;
  const said = variant.labels.map((label, n): Said => {
    const [probability, threshold] = [probabilities[n], variant.thresholds[n]];
    const looked = binary ? outputs : probabilities.subarray(n, n + 1);
    const reason = noProbability(looked, variant.rounding) ?? (threshold === null ? "no_threshold" : null);
    const positive = reason || threshold === null ? null : probability >= threshold;
    const decision = positive === null ? "" : positive ? label : variant.negatives[n];
    return { label, probability, threshold, positive, decision, reason };
  });
  return { said, chosen: null };
}

/** Return why some outputs are no probabilities; null when they are. */
export function noProbability(values: Float32Array, rounding: number): NoDecision | null {
  if (!values.every(Number.isFinite)) return "no_number";
  return values.every((value) => value >= -rounding && value <= 1 + rounding) ? null : "outside";
}

function mostProbable(variant: Variant, outputs: Float32Array): Decision {
  const reason = noProbability(outputs, variant.rounding);
  const best = outputs.indexOf(Math.max(...outputs));
  const said = variant.labels.map((label, n): Said => ({
    label,
    probability: outputs[n],
    threshold: null,
    positive: reason ? null : n === best,
    decision: reason ? "" : n === best ? label : "",
    reason,
  }));
  return { said, chosen: reason ? null : variant.labels[best] };
}

function outlined(variant: Variant, outputs: Float32Array): Decision {
  const reason = noProbability(outputs, variant.rounding);
  const shares = sharesOf(variant, outputs);
  const said = variant.labels.map((label, n): Said => {
    const share = reason ? NaN : shares[n];
    const positive = reason ? null : share > 0;
    return { label, probability: NaN, threshold: null, positive, decision: "", reason, share };
  });
  return { said, chosen: null };
}

function boxed(variant: Variant, outputs: Float32Array): Decision {
  const reason = noProbability(outputs, variant.rounding);
  const drawn = reason ? [] : boxesOf(variant, outputs);
  const surest = reason ? [] : surestOf(variant, outputs);
  const said = variant.labels.map((label, n): Said => {
    const boxes = reason ? NaN : drawn.filter((box) => box.label === n).length;
    const positive = reason ? null : boxes > 0;
    const told = { boxes, surest: surest[n] ?? NaN, least: variant.centres.least };
    return { label, probability: NaN, threshold: null, positive, decision: "", reason, ...told };
  });
  return { said, chosen: null };
}
