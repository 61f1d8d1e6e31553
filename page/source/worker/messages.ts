/** What the page and its worker say to each other. */

import type { Decision } from "../decision/deciding";
import type { Placement } from "../films/prepare";
import type { Reason } from "../films/reasons";
import type { FilmBoxes } from "../model/boxes";
import type { Outline } from "../model/outline";
import type { Unlike } from "../model/typical";

/** A film for the eye: 16 bits a pixel, no larger than a screen needs. */
export interface Look {
  readonly width: number;
  readonly height: number;
  readonly levels: Uint16Array;
  readonly stored: { readonly width: number; readonly height: number };
}

/** What a variant says of a film. */
export interface Answer {
  readonly key: string;
  readonly decision: Decision;
  readonly unlike: Unlike;
  readonly place: Placement;
}

/** Where a variant looks in a film, on the square that it sees. */
export interface HeatMap {
  readonly size: number;
  readonly values: Float32Array;
  readonly place: Placement;
}

/** A film by reference, with a number by which the worker knows the one that it read last. */
export interface Sent {
  readonly id: number;
  readonly blob: Blob;
}

export type Request =
  | { readonly kind: "open"; readonly base: string; readonly keys: string[] }
  | { readonly kind: "read"; readonly film: Sent; readonly keys: string[] }
  | { readonly kind: "look"; readonly film: Sent; readonly key: string }
  | { readonly kind: "outline"; readonly film: Sent; readonly key: string }
  | { readonly kind: "boxes"; readonly film: Sent; readonly key: string }
  | { readonly kind: "map"; readonly film: Sent; readonly key: string; readonly label: number };

export type Reply =
  | { readonly kind: "opened"; readonly apart: Record<string, number> }
  | { readonly kind: "answers"; readonly imageId: string; readonly answers: Answer[] }
  | { readonly kind: "look"; readonly look: Look }
  | { readonly kind: "outline"; readonly outline: Outline }
  | { readonly kind: "boxes"; readonly found: FilmBoxes }
  | { readonly kind: "map"; readonly map: HeatMap }
  | { readonly kind: "unreadable"; readonly reason: Reason }
  | { readonly kind: "failed"; readonly what: string };

export type Numbered<T> = T & { readonly number: number };
