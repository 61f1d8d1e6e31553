/** What a network draws over a film, by what it was asked: outlines or boxes. */

import type { Variant } from "../model/variant";
import { type Texts, words } from "../texts/texts";
import type { Reader } from "../worker/reader";
import { hundredths } from "./answers";
import { paintBoxes } from "./box_painting";
import type { Drawing } from "./film_view";
import { paintOutline } from "./outline_painting";

type Draws = (texts: Texts, reader: Reader, film: Blob, key: string) => Promise<Drawing>;

/** Return what asks for a variant's drawing of a film; null of one that draws nothing. */
export function drawerOf(variant: Variant | null): Draws | null {
  if (variant?.task === "outlines") return outlines;
  return variant?.task === "boxes" ? boxesBy(variant) : null;
}

const outlines: Draws = async (texts, reader, film, key) => {
  const outline = await reader.outline(film, key);
  const paint = (cover: HTMLCanvasElement) => paintOutline(cover, outline);
  return { paint, show: texts.showOutline, hide: texts.hideOutline };
};

function boxesBy(variant: Variant): Draws {
  return async (texts, reader, film, key) => {
    const found = await reader.boxes(film, key);
    const beside = (label: number, score: number) => `${words(variant.labels[label])} ${hundredths(score)}`;
    const paint = (cover: HTMLCanvasElement) => paintBoxes(cover, found, beside);
    return { paint, show: texts.showBoxes, hide: texts.hideBoxes };
  };
}
