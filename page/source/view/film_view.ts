/** The film, large: brightness and contrast, larger and smaller, and where the network looked or what it draws. */

import { type Texts, filled } from "../texts/texts";
import type { HeatMap, Look } from "../worker/messages";
import { button, labelled, make } from "./elements";
import { paintFilm, paintMap, strongestPlace } from "./painting";

const LARGEST = 4;
const STEP = 1.25;

/** What a network draws over a film: outlines or boxes. */
export interface Drawing {
  readonly paint: (cover: HTMLCanvasElement) => void;
  readonly show: string; // what the buttons are called
  readonly hide: string;
}

/** What the view of a film asks of the page: where the network looked, or what it drew. */
export interface ViewActs {
  readonly map: (() => Promise<HeatMap | null>) | null; // null of a network that draws
  readonly drawing: Drawing | null;
}

/** A film on the screen. */
export class FilmView {
  readonly element: HTMLElement;
  private readonly canvas = make("canvas", { className: "picture" });
  private readonly cover = make("canvas", { className: "cover", hidden: true });
  private readonly said = make("p", { className: "quiet" });
  private readonly mapButton: HTMLButtonElement;
  private zoom = 1;
  private heat: HeatMap | null = null;

  constructor(
    private readonly texts: Texts,
    private readonly look: Look,
    name: string,
    private readonly acts: ViewActs,
  ) {
    const picture = filled(texts.picture, { name });
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", picture);
    this.cover.setAttribute("aria-hidden", "true");
    this.said.setAttribute("aria-live", "polite");
    const { drawing } = acts;
    this.mapButton = drawing
      ? button(drawing.hide, () => this.showDrawing(drawing, this.cover.hidden === true))
      : button(texts.showMap, () => void this.toggleMap());
    if (drawing) {
      drawing.paint(this.cover);
      this.cover.hidden = false;
    }
    const frame = make(
      "div",
      { className: "frame", tabIndex: 0 },
      make("div", { className: "sheet" }, this.canvas, this.cover),
    );
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", picture);
    const middle = this.slider(50, 0, 100);
    const width = this.slider(100, 4, 100);
    const paint = () =>
      paintFilm(this.canvas, this.look, 1 - Number(middle.value) / 100, 1 - (Number(width.value) - 4) / 100);
    width.value = "4";
    middle.oninput = width.oninput = paint;
    paint();
    this.element = make(
      "div",
      { className: "film" },
      frame,
      make(
        "div",
        { className: "tools" },
        labelled(texts.brightness, middle),
        labelled(texts.contrast, width),
      ),
      make(
        "div",
        { className: "tools" },
        button(texts.larger, () => this.zoomTo(this.zoom * STEP)),
        button(texts.smaller, () => this.zoomTo(this.zoom / STEP)),
        button(texts.fit, () => this.zoomTo(1)),
        acts.map || drawing ? this.mapButton : null,
      ),
      this.said,
    );
  }

  private slider(value: number, min: number, max: number): HTMLInputElement {
    return make("input", { type: "range", min: String(min), max: String(max), value: String(value) });
  }

  private zoomTo(zoom: number): void {
    this.zoom = Math.min(Math.max(zoom, 1), LARGEST);
    (this.canvas.parentElement as HTMLElement).style.width = `${100 * this.zoom}%`;
  }

  private showDrawing(drawing: Drawing, shown: boolean): void {
    this.cover.hidden = !shown;
    this.mapButton.textContent = shown ? drawing.hide : drawing.show;
  }

  private async toggleMap(): Promise<void> {
    if (!this.cover.hidden) return this.showMap(false);
    if (!this.heat) {
      this.said.textContent = this.texts.mapping;
      this.mapButton.disabled = true;
      this.heat = (await this.acts.map?.()) ?? null;
      this.mapButton.disabled = false;
      if (!this.heat) return;
      paintMap(this.cover, this.heat);
    }
    this.showMap(true);
  }

  private showMap(shown: boolean): void {
    this.cover.hidden = !shown;
    this.mapButton.textContent = shown ? this.texts.hideMap : this.texts.showMap;
    this.mapButton.focus();
    const place = this.heat ? strongestPlace(this.heat) : null;
    const where =
      place === null
        ? this.texts.mapNowhere
        : filled(this.texts.mapWhere, { where: this.texts.places[place] });
    this.said.textContent = shown ? `${where} ${this.texts.mapText}` : "";
  }
}
