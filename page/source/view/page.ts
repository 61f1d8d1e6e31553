/** The page: what it holds is drawn anew in parts, so that what somebody is at keeps the focus. */

import { readVariants } from "../model/variant";
import type { HeatMap } from "../worker/messages";
import { Reader, Unreadable } from "../worker/reader";
import { answerPanel, banner, thousandPanel } from "./answers";
import { cardPanel } from "./card";
import { choosingPanel, takeDropped } from "./choosing";
import { button, choice, labelled, make } from "./elements";
import { filmList, progress } from "./film_list";
import { drawerOf } from "./drawings";
import { FilmView } from "./film_view";
import { openAsked } from "./opening";
import { saveTable } from "./saving";
import { footerParts, headerParts } from "./surroundings";
import { filled } from "../texts/texts";
import { askedKeys, choose, emptyState, type Film, type State, textsOf, variantOf } from "./state";
import { keepPage } from "./updates";

const BASE = new URL("./", document.baseURI).href;

const state: State = emptyState();
const reader = new Reader(BASE, Number(document.documentElement.dataset.filmSeconds) || undefined);
const [header, notes, status, choosing, answer, film, programs, list, card, thousands, footer] = [
  make("header", {}),
  make("div", { className: "notes" }),
  make("p", { className: "status", role: "status" }),
  make("div", {}),
  make("div", {}),
  make("div", {}),
  make("div", {}),
  make("div", {}),
  make("div", {}),
  make("div", {}),
  make("footer", {}),
];
let reading = false;
let keptHere = false;
let useNewer: (() => void) | null = null;

function drawAll(): void {
  const texts = textsOf(state);
  document.documentElement.lang = state.language;
  document.title = texts.title;
  drawHeader();
  drawNotes();
  choosing.replaceChildren(choosingPanel(texts, take));
  drawPrograms();
  card.replaceChildren(...[cardPanel(state)].filter((panel) => panel !== null));
  drawThousand();
  footer.replaceChildren(...footerParts(state, keptHere));
  drawAnswers();
  void drawFilm();
}

function drawHeader(): void {
  const speak = (code: string) => {
    state.language = code;
    drawAll();
    header.querySelector("select")?.focus();
  };
  header.replaceChildren(...headerParts(state, speak));
}

function drawNotes(): void {
  const texts = textsOf(state);
  notes.replaceChildren();
  if (state.broken) notes.append(banner(texts.unlikeDesk));
  notes.append(...state.unusable.map((label) => banner(filled(texts.unusable, { label }))));
  if (useNewer)
    notes.append(make("p", { className: "note" }, `${texts.newer} `, button(texts.useNewer, useNewer)));
}

function drawPrograms(): void {
  const texts = textsOf(state);
  const names = state.variants.map(({ key, variant }) => [key, variant.label] as const);
  if (names.length < 2) return programs.replaceChildren();
  const others = [["", texts.nothing] as const, ...names.filter(([key]) => key !== state.key)];
  const use = (key: string) => {
    choose(state, key);
    void changed();
  };
  const compare = (key: string) => {
    state.other = key;
    void changed();
  };
  programs.replaceChildren(
    make(
      "div",
      { className: "tools" },
      labelled(texts.program, choice(names, state.key, use)),
      labelled(texts.compare, choice(others, state.other, compare)),
    ),
  );
}

/** Open the variants that were chosen and ask them about the films that are there. */
async function changed(): Promise<void> {
  const focused = [...programs.querySelectorAll("select")].indexOf(
    document.activeElement as HTMLSelectElement,
  );
  drawAll();
  programs.querySelectorAll("select")[focused]?.focus();
  await open();
  await readAll();
  void drawFilm();
}

function drawThousand(): void {
  const panel = thousandPanel(state, (ill) => (state.ill = ill));
  thousands.replaceChildren(...(panel ? [panel] : []));
}

function drawAnswers(): void {
  const texts = textsOf(state);
  status.textContent = progress(state);
  const made = filmList(state, { show, save: () => saveTable(state), print: () => window.print(), clear });
  const focused = document.activeElement instanceof HTMLElement && list.contains(document.activeElement);
  const place = [...list.querySelectorAll("button")].indexOf(document.activeElement as HTMLButtonElement);
  list.replaceChildren(...(made ? [made] : []));
  if (focused) list.querySelectorAll("button")[place]?.focus();
  const { shown } = state;
  const panel = shown && make("section", {}, make("h2", {}, texts.says), answerPanel(state, shown));
  answer.replaceChildren(...(panel ? [panel] : []));
}

/** Show the film that was chosen; it is read again, since nothing of a film is kept. */
async function drawFilm(): Promise<void> {
  const [texts, { shown }] = [textsOf(state), state];
  film.replaceChildren(); // never an earlier film beside the answer to this one
  if (!shown || shown.reason || !shown.answers.has(state.key)) return;
  const look = await reader.look(shown.file, state.key).catch(() => null);
  const draws = drawerOf(variantOf(state));
  const drawing = draws ? await draws(texts, reader, shown.file, state.key).catch(() => null) : null;
  if (state.shown !== shown || !look) return;
  const label = Math.max(
    shown.answers.get(state.key)?.decision.said.findIndex((said) => said.positive) ?? 0,
    0,
  );
  const map = (): Promise<HeatMap | null> => reader.map(shown.file, state.key, label).catch(() => null);
  const view = new FilmView(texts, look, shown.file.name, { map: draws ? null : map, drawing });
  film.replaceChildren(make("section", {}, make("h2", {}, texts.look), view.element));
}

function show(chosen: Film): void {
  state.shown = chosen;
  drawAnswers();
  void drawFilm();
}

/** Take films that were dropped, chosen or photographed. */
function take(files: File[], photo: boolean): void {
  const films = files.map((file): Film => ({ file, photo, imageId: "", answers: new Map(), reason: null }));
  if (!films.length) return;
  state.films.push(...films);
  state.shown = films[0];
  drawAnswers();
  void drawFilm();
  void readAll();
}

/** Read all films that have no answer of the chosen variants yet, one after the other. */
async function readAll(): Promise<void> {
  if (reading || !state.ready || state.broken) return;
  reading = true;
  for (let next = unread(); next; next = unread()) {
    await readOne(next);
    drawAnswers();
    if (next === state.shown) void drawFilm();
  }
  reading = false;
}

function unread(): Film | undefined {
  return state.films.find((each) => !each.reason && askedKeys(state).some((key) => !each.answers.has(key)));
}

async function readOne(each: Film): Promise<void> {
  try {
    const keys = askedKeys(state).filter((key) => !each.answers.has(key));
    const { imageId, answers } = await reader.read(each.file, keys);
    each.imageId = imageId;
    each.answers = new Map([...each.answers, ...answers.map((found) => [found.key, found] as const)]);
  } catch (error) {
    each.reason = error instanceof Unreadable ? error.reason : "worker_died";
  }
}

function clear(): void {
  state.films = [];
  state.shown = null;
  drawAnswers();
  void drawFilm();
  choosing.querySelector("input")?.focus();
}

async function open(): Promise<void> {
  await openAsked(state, reader, drawAll);
  drawNotes();
}

async function start(): Promise<void> {
  document.body.append(
    header,
    make(
      "main",
      {},
      notes,
      choosing,
      programs,
      status,
      make("div", { className: "panels" }, make("div", {}, answer, thousands), film),
      list,
      card,
    ),
    footer,
  );
  drawAll();
  takeDropped(take);
  try {
    state.variants = await readVariants(BASE);
    choose(state, state.variants[0].key);
    drawAll();
    await open();
    state.ready = true;
    drawAnswers();
    document.documentElement.dataset.state = "ready";
    await readAll();
  } catch (error) {
    console.error(error);
    notes.append(banner(textsOf(state).noStart));
    document.documentElement.dataset.state = "failed";
  }
}

function keep(): void {
  const kept = () => {
    keptHere = true;
    footer.replaceChildren(...footerParts(state, keptHere));
    document.documentElement.dataset.kept = "yes";
  };
  const newer = (use: () => void) => {
    useNewer = use;
    drawNotes();
  };
  keepPage({ kept, newer }).catch(() => undefined); // without it the page works as long as it is open
}

void start().then(keep);
