/** What a variant is: its size, how it did in the test, and for whom nobody tested it. */

import type { Variant } from "../model/variant";
import { besideOf, testedOf } from "../texts/tested";
import type { Texts } from "../texts/texts";
import { make } from "./elements";
import { type State, textsOf, variantOf } from "./state";

/** Return the card of the variant that answers. */
export function cardPanel(state: State): HTMLElement | null {
  const [texts, variant] = [textsOf(state), variantOf(state)];
  if (!variant) return null;
  const rows = facts(texts, variant, state.language).filter(([, value]) => value);
  return make(
    "details",
    { className: "card" },
    make("summary", {}, texts.about),
    variant.alarm ? make("p", { className: "banner" }, variant.alarm) : null,
    variant.finished ? null : make("p", { className: "banner" }, texts.unfinished),
    make("dl", {}, ...rows.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)])),
    make("h3", {}, texts.forWhom),
    make("p", {}, texts.forWhomText),
    make("p", { className: "quiet" }, texts.selfTest),
  );
}

type Measure = "auroc" | "dice" | "failing_dice" | "box_score" | "boxes_found" | "false_boxes";
type Named = ["area" | "dice" | "failing" | "boxScore" | "boxesFound" | "falseBoxes", Measure];

const OF_FILMS: Named[] = [["area", "auroc"]];
/** What the test measured of variants that draw, the first with what it was counted on. */
const MEASURES: Partial<Record<Variant["task"], Named[]>> = {
  outlines: [
    ["dice", "dice"],
    ["failing", "failing_dice"],
  ],
  boxes: [
    ["boxScore", "box_score"],
    ["boxesFound", "boxes_found"],
    ["falseBoxes", "false_boxes"],
  ],
};

function facts(texts: Texts, variant: Variant, language: string): [string, string][] {
  const { verdict } = variant;
  const number = (value: number, digits: number) =>
    value.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const interval = (name: Measure): string => {
    const [value, low, high] = verdict
      ? [verdict[name], verdict[`${name}_low`], verdict[`${name}_high`]]
      : [];
    if (value === null || value === undefined) return "";
    const span = low != null && high != null ? ` (${number(low, 2)}–${number(high, 2)})` : "";
    return `${number(value, 2)}${span}`;
  };
  const [[first, measure], ...others] = MEASURES[variant.task] ?? OF_FILMS;
  const tested = testedOf(texts, variant);
  return [
    [texts.program, variant.label],
    [texts.network, variant.architecture],
    [texts.size, `${number(variant.size_bytes / 1000, 0)} KB`],
    [texts.learnedFrom, variant.films],
    [texts[first], verdict ? `${interval(measure)}. ${tested}` : tested],
    ...others.map(([name, other]): [string, string] => [texts[name], verdict ? interval(other) : ""]),
    [texts.beside, besideOf(texts, variant)],
  ];
}
