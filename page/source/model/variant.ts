/** What the page knows of a variant: `variant.json`, as `radlib page` wrote it. */

import type { Preparation } from "../films/prepare";
import type { ExpectedBoxes } from "./boxes";

/** What films a variant was trained on look like, as a few numbers; see `typical`. */
export interface Typical {
  readonly middle: [number, number];
  readonly spread: [number, number];
  readonly limits: [number | null, number | null, number | null];
  readonly mean: number[];
  readonly directions: number[][];
  readonly variances: number[];
  readonly rest: number;
}

/** How a variant did on test films. */
export interface Verdict {
  readonly films: number;
  readonly patients: number;
  readonly positives: number | null;
  readonly auroc: number | null;
  readonly auroc_low: number | null;
  readonly auroc_high: number | null;
  readonly sensitivity: number | null;
  readonly sensitivity_low: number | null;
  readonly sensitivity_high: number | null;
  readonly specificity: number | null;
  readonly specificity_low: number | null;
  readonly specificity_high: number | null;
  readonly verdict: string;
  readonly conclusion?: string; // of all that is asked together; exports of earlier versions lack it
  readonly dice?: number | null;
  readonly dice_low?: number | null;
  readonly dice_high?: number | null;
  readonly failing_dice?: number | null;
  readonly failing_dice_low?: number | null;
  readonly failing_dice_high?: number | null;
  readonly box_score?: number | null;
  readonly box_score_low?: number | null;
  readonly box_score_high?: number | null;
  readonly boxes_found?: number | null;
  readonly boxes_found_low?: number | null;
  readonly boxes_found_high?: number | null;
  readonly false_boxes?: number | null;
  readonly false_boxes_low?: number | null;
  readonly false_boxes_high?: number | null;
}

/** How boxes come out of maps of centres, and how far those of two runtimes may lie apart. */
export interface Centres {
  readonly stride: number; // pixels along a cell's side
  readonly least: number; // of a peak that is drawn
  readonly faintest: number; // of a peak that is looked at at all
  readonly most: number; // boxes of a label
  readonly apart: number; // between two scores
  readonly edges_apart: number; // between two edges, pixels of the square
  readonly films: ExpectedBoxes[]; // what the desk finds in the drawn films
}

export interface Variant {
  readonly name: string;
  readonly label: string;
  readonly architecture: string;
  readonly size_bytes: number;
  readonly sha256: string;
  readonly runs_sha256: string; // of the model file that lies in the page
  readonly task: "binary" | "findings" | "classes" | "outlines" | "boxes";
  readonly outputs: string[];
  readonly labels: string[];
  readonly negatives: string[];
  readonly thresholds: (number | null)[];
  readonly least: number; // probability from which on a pixel is outlined
  readonly centres: Centres; // of a network that finds boxes
  readonly rounding: number;
  readonly preparation: Preparation;
  readonly films: string;
  readonly finished: boolean;
  readonly missing: string[];
  readonly alarm?: string;
  readonly verdict: Verdict | null;
  readonly counted?: string;
  readonly embedding: boolean;
  readonly typical: Typical | null;
  readonly golden: number[][]; // empty of networks that outline or find boxes
  readonly agreed: number; // of probabilities, or how many pixels or boxes may be wrong
}

/** A variant and where its files lie. */
export interface Placed {
  readonly key: string;
  readonly variant: Variant;
}

/** Read all variants of the page that lies below an address. */
export async function readVariants(base: string): Promise<Placed[]> {
  const page: { format: string; version: number; variants: string[] } = await json(`${base}page.json`);
  if (page.format !== "radlib-page" || page.version !== 1) throw new Error("another version of the page");
  return Promise.all(
    page.variants.map(async (key) => ({
      key,
      variant: await json<Variant>(`${base}variants/${key}/variant.json`),
    })),
  );
}

async function json<T>(address: string): Promise<T> {
  return (await checked(address)).json() as Promise<T>;
}

/** Fetch a file of the page. */
export async function checked(address: string): Promise<Response> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${response.status}`);
  return response;
}
