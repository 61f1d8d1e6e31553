/** What is said of a film, in words; warnings come first. */

import { PATIENTS, type Thousand, thousand } from "../decision/patients";
import type { Said } from "../decision/deciding";
import { isUnlike, type Unlike } from "../model/typical";
import type { Variant } from "../model/variant";
import { testedOf } from "../texts/tested";
import { filled, type Texts, words } from "../texts/texts";
import type { Answer } from "../worker/messages";
import { labelled, make } from "./elements";
import { colourOf } from "./outline_painting";
import { type Film, type State, textsOf, variantOf } from "./state";

/** Return the warnings on a film, most serious first; empty for none. */
export function warningsOf(texts: Texts, film: Film, variant: Variant, unlike: Unlike): string[] {
  const why = [
    unlike.brightness && texts.unlikeBrightness,
    unlike.contrast && texts.unlikeContrast,
    unlike.embedding !== null && texts.unlikeInside,
  ].filter(Boolean);
  return [
    ...(variant.finished && !variant.alarm ? [] : [texts.unfinished]),
    ...(isUnlike(unlike) ? [[texts.unlikeFilm, ...why].join(" ")] : []),
    ...(unlike.narrow ? [texts.narrow] : []),
    ...(film.photo ? [texts.photo] : []),
    ...(variant.typical ? [] : [texts.unknownFilms]),
  ];
}

/** Return a short answer for the list of films. */
export function shortAnswer(texts: Texts, answer: Answer): string {
  const { said, chosen } = answer.decision;
  if (chosen !== null) return filled(texts.chosen, { label: words(chosen) });
  const positive = said.filter((each) => each.positive);
  const told = positive.length ? positive : said.slice(0, 1);
  return told.map((each) => headline(texts, each)).join(" ");
}

/** Return all that is said of a film: by the variant, and by the one that it is compared with. */
export function answerPanel(state: State, film: Film): HTMLElement {
  const texts = textsOf(state);
  if (film.reason) return make("div", {}, banner(texts.reasons[film.reason]));
  const parts = [state.key, state.other].filter(Boolean).map((key) => ofVariant(state, film, key));
  return make("div", {}, agreement(state, film), make("div", { className: "answers" }, ...parts));
}

function ofVariant(state: State, film: Film, key: string): HTMLElement {
  const texts = textsOf(state);
  const [variant, answer] = [variantOf(state, key), film.answers.get(key)];
  if (!variant || !answer) return make("p", { className: "quiet" }, texts.waiting);
  return make(
    "article",
    { className: "answer" },
    state.other ? make("h3", {}, variant.label) : null,
    ...warningsOf(texts, film, variant, answer.unlike).map(banner),
    ...answer.decision.said.map((said, place) => finding(texts, said, place)),
    answer.decision.chosen && make("p", {}, filled(texts.chosen, { label: words(answer.decision.chosen) })),
  );
}

/** Return the colour in which a label is drawn; null where it is not. */
function swatch(said: Said, place: number): HTMLElement | null {
  if (!said.share && !said.boxes) return null;
  const made = make("span", { className: "swatch" });
  made.style.background = colourOf(place);
  made.setAttribute("aria-hidden", "true");
  return made;
}

function finding(texts: Texts, said: Said, place: number): HTMLElement {
  return make(
    "div",
    { className: said.positive ? "finding positive" : "finding" },
    make("p", { className: "headline" }, swatch(said, place), headline(texts, said)),
    ...numbers(texts, said).map((text) => make("p", {}, text)),
    said.reason || isDrawn(said) ? null : bar(said),
  );
}

/** Tell whether what is said of a label is drawn over the film, so that there is no probability of the whole film. */
function isDrawn({ share, boxes }: Said): boolean {
  return share !== undefined || boxes !== undefined;
}

function headline(texts: Texts, said: Said): string {
  if (said.reason) return texts.noDecision[said.reason];
  if (said.share !== undefined)
    return filled(said.positive ? texts.outlined : texts.nothingOutlined, { label: words(said.label) });
  if (said.boxes !== undefined) {
    const text = said.positive ? texts.boxed : texts.nothingBoxed;
    return filled(text, { label: words(said.label), n: said.boxes });
  }
  return filled(said.positive ? texts.positive : texts.negative, { label: words(said.label) });
}

function numbers(texts: Texts, said: Said): string[] {
  if (said.share !== undefined) return said.positive ? covers(texts, said.share) : [];
  if (said.boxes !== undefined) return surest(texts, said);
  if (!Number.isFinite(said.probability)) return [];
  const p = hundredths(said.probability);
  if (said.threshold === null) return [filled(texts.plainNumber, { p })];
  const t = hundredths(said.threshold);
  return [
    filled(said.positive ? texts.above : texts.below, { p, t }),
    said.probability > 0.5 ? texts.likely : texts.unlikely,
  ];
}

function covers(texts: Texts, share: number): string[] {
  return [filled(texts.covers, { p: hundredths(share) }), texts.outlineText];
}

function surest(texts: Texts, said: Said): string[] {
  if (said.surest === undefined || !Number.isFinite(said.surest) || said.least === undefined) return [];
  const [p, t] = [hundredths(said.surest), hundredths(said.least)];
  const text = said.positive ? texts.surest : texts.tooUnsure;
  return [filled(text, { p, t }), ...(said.positive ? [texts.boxText] : [])];
}

/** Return a probability as a number of 100; with a digit more where it lies near 0 or 100. */
export function hundredths(value: number): string {
  const hundred = 100 * value;
  return hundred > 1 && hundred < 99 ? hundred.toFixed(0) : hundred.toFixed(1);
}

/** Draw the number and the limit on a line; both stand in the text beside it. */
function bar(said: Said): HTMLElement {
  const [line, reached] = [make("div", { className: "bar" }), make("div", { className: "reached" })];
  line.setAttribute("aria-hidden", "true");
  reached.style.width = `${100 * said.probability}%`;
  line.append(reached);
  if (said.threshold !== null) {
    const limit = make("div", { className: "limit" });
    limit.style.left = `${100 * said.threshold}%`;
    line.append(limit);
  }
  return line;
}

/** Make a warning that a screen reader says at once. */
export function banner(text: string): HTMLElement {
  return make("p", { className: "banner", role: "alert" }, text);
}

function agreement(state: State, film: Film): HTMLElement | null {
  const answers = [state.key, state.other].map((key) => film.answers.get(key)?.decision);
  if (!answers[0] || !answers[1] || answers[0].said.some(isDrawn)) return null;
  const [one, other] = answers.map((each) => each?.said.map((said) => said.decision).join());
  const texts = textsOf(state);
  return make(
    "p",
    { className: one === other ? "quiet" : "banner" },
    one === other ? texts.agree : texts.disagree,
  );
}

/** Return what the test means for 1,000 patients, for a variant that answers one question. */
export function thousandPanel(state: State, change: (ill: number) => void): HTMLElement | null {
  const [texts, variant] = [textsOf(state), variantOf(state)];
  if (!variant || variant.task !== "binary") return null;
  const { verdict } = variant;
  const found = thousand(verdict, state.ill);
  if (!found || !verdict)
    return make("section", {}, make("h2", {}, texts.thousand), make("p", {}, texts.untested));
  const input = make("input", { type: "number", min: "0", max: String(PATIENTS), value: String(state.ill) });
  const lines = make("div", { className: "lines" });
  lines.setAttribute("aria-live", "polite");
  const fill = (now: Thousand) =>
    lines.replaceChildren(...sentences(texts, now).map((text) => make("p", {}, text)));
  input.oninput = () => {
    const ill = Math.min(Math.max(Math.round(Number(input.value) || 0), 0), PATIENTS);
    change(ill);
    fill(thousand(verdict, ill) ?? found);
  };
  fill(found);
  const tested = make("p", { className: "quiet" }, testedOf(texts, variant));
  return make("section", {}, make("h2", {}, texts.thousand), labelled(texts.ill, input), lines, tested);
}

function sentences(texts: Texts, now: Thousand): string[] {
  return [
    filled(texts.found, { found: now.found, ill: now.ill }),
    filled(texts.missed, { missed: now.missed, low: now.missedLow, high: now.missedHigh }),
    filled(texts.mistaken, {
      mistaken: now.mistaken,
      healthy: now.healthy,
      low: now.mistakenLow,
      high: now.mistakenHigh,
    }),
  ];
}
