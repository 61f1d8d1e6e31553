/** Films and answers as CSV, in the columns of `radlib predict`; nothing of it is kept unless it is saved. */

import type { Variant } from "../model/variant";
import type { Decision } from "./deciding";

/** A film and what was said of it. */
export interface Row {
  readonly file: string;
  readonly imageId: string;
  readonly decision: Decision | null;
  readonly reason: string;
  readonly warning: string;
}

const NO_DECISION = {
  no_number: "the model gave no number",
  outside: "the model gave a number outside 0 to 1",
  no_threshold: "no threshold: no decision",
};

const DECIDED = ["probability", "decision", "threshold"];
/** What a table says of each label. */
const KINDS: Record<Variant["task"], string[]> = {
  binary: DECIDED,
  findings: DECIDED,
  classes: ["probability"],
  outlines: ["share"],
  boxes: ["boxes", "score"],
};

/** Return a table of films as CSV. */
export function csvOf(variant: Variant, rows: readonly Row[]): string {
  const exclusive = variant.task === "classes";
  const kinds = KINDS[variant.task];
  const labels = variant.labels.flatMap((label) => kinds.map((kind) => `${label}_${kind}`));
  const columns = [
    "file",
    "image_id",
    ...labels,
    ...(exclusive ? ["class_decision"] : []),
    "reason",
    "warning",
  ];
  return (
    [columns, ...rows.map((row) => cells(variant, row))]
      .map((line) => line.map(cell).join(","))
      .join("\r\n") + "\r\n"
  );
}

function cells(variant: Variant, row: Row): string[] {
  const exclusive = variant.task === "classes";
  const said = row.decision?.said ?? [];
  const each = variant.labels.flatMap((_, n) => {
    const found = said[n];
    if (variant.task === "outlines") return [number(found?.share)];
    if (variant.task === "boxes") return [number(found?.boxes), number(found?.surest)];
    const probability = number(found?.probability);
    return exclusive ? [probability] : [probability, found?.decision ?? "", threshold(variant, n)];
  });
  const reasons = said.map((found) => (found.reason ? NO_DECISION[found.reason] : "")).filter(Boolean);
  const reason = row.reason || [...new Set(reasons)].join("; ");
  const chosen = exclusive ? [row.decision?.chosen ?? ""] : [];
  return [row.file, row.imageId, ...each, ...chosen, reason, row.warning];
}

function number(value: number | undefined): string {
  return value !== undefined && Number.isFinite(value) ? String(value) : "";
}

function threshold(variant: Variant, n: number): string {
  const value = variant.thresholds[n];
  return value === null || value === undefined ? "" : String(value);
}

/** Return a cell that no spreadsheet takes for a formula, quoted where it must be. */
export function cell(text: string): string {
  const plain = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
