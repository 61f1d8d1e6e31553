/** The page's side of the worker: one request at a time, each with a time limit; what takes longer is ended. */

import type { Answer, HeatMap, Look, Numbered, Reply, Request, Sent } from "./messages";
import { type Reason } from "../films/reasons";
import type { FilmBoxes } from "../model/boxes";
import type { Outline } from "../model/outline";

const OPEN_SECONDS = 120;
const FILM_SECONDS = 30;
const MAP_SECONDS = 120;
const NOTHING = (): void => undefined; // becomes of variants that are opened anew

/** Thrown for a film that cannot be read. */
export class Unreadable extends Error {
  constructor(readonly reason: Reason) {
    super(reason);
  }
}

interface Waiting {
  readonly request: Request;
  readonly seconds: number;
  readonly done: (reply: Reply) => void;
  readonly lost: (reason: Reason) => void;
}

/** Reads films in a worker that is ended and started anew when a film hangs or kills it. */
export class Reader {
  private worker: Worker | null = null;
  private number = 0;
  private readonly queue: Waiting[] = [];
  private current: Waiting | null = null;
  private timer = 0;
  private keys: string[] = [];
  private readonly ids = new WeakMap<Blob, number>();
  private newest = 0;

  constructor(
    private readonly base: string,
    private readonly filmSeconds = FILM_SECONDS,
  ) {}

  /** Open variants; returns by how much each lies apart from the desk on drawn films. */
  async open(keys: string[]): Promise<Record<string, number>> {
    const reply = await this.ask({ kind: "open", base: this.base, keys }, OPEN_SECONDS);
    this.keys = [...new Set([...this.keys, ...keys])];
    return reply.kind === "opened" ? reply.apart : {};
  }

  async read(film: Blob, keys: string[]): Promise<{ imageId: string; answers: Answer[] }> {
    const reply = await this.ask({ kind: "read", film: this.sent(film), keys }, this.filmSeconds);
    if (reply.kind !== "answers") throw new Error(reply.kind);
    return reply;
  }

  async look(film: Blob, key: string): Promise<Look> {
    const reply = await this.ask({ kind: "look", film: this.sent(film), key }, this.filmSeconds);
    if (reply.kind !== "look") throw new Error(reply.kind);
    return reply.look;
  }

  async outline(film: Blob, key: string): Promise<Outline> {
    const reply = await this.ask({ kind: "outline", film: this.sent(film), key }, this.filmSeconds);
    if (reply.kind !== "outline") throw new Error(reply.kind);
    return reply.outline;
  }

  async boxes(film: Blob, key: string): Promise<FilmBoxes> {
    const reply = await this.ask({ kind: "boxes", film: this.sent(film), key }, this.filmSeconds);
    if (reply.kind !== "boxes") throw new Error(reply.kind);
    return reply.found;
  }

  async map(film: Blob, key: string, label: number): Promise<HeatMap> {
    const reply = await this.ask({ kind: "map", film: this.sent(film), key, label }, MAP_SECONDS);
    if (reply.kind !== "map") throw new Error(reply.kind);
    return reply.map;
  }

  private sent(blob: Blob): Sent {
    const id = this.ids.get(blob) ?? ++this.newest;
    this.ids.set(blob, id);
    return { id, blob };
  }

  private ask(request: Request, seconds: number): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const lost = (reason: Reason) => reject(new Unreadable(reason));
      const done = (reply: Reply) => {
        if (reply.kind === "unreadable") lost(reply.reason);
        else if (reply.kind === "failed") {
          if (request.kind === "open") this.renew(); // a runtime that stumbled over a model may be in any state
          reject(new Error(reply.what));
        } else resolve(reply);
      };
      this.queue.push({ request, seconds, done, lost });
      this.next();
    });
  }

  private next(): void {
    if (this.current || !this.queue.length) return;
    this.current = this.queue.shift() as Waiting;
    this.number++;
    this.timer = window.setTimeout(() => this.restart("timeout"), this.current.seconds * 1000);
    this.running().postMessage({ ...this.current.request, number: this.number });
  }

  private running(): Worker {
    if (this.worker) return this.worker;
    const worker = new Worker(new URL("./worker.ts", import.meta.url));
    worker.onmessage = ({ data }: MessageEvent<Numbered<Reply>>) => {
      if (data.number === this.number) this.settle((waiting) => waiting.done(data));
    };
    worker.onerror = () => this.restart("worker_died");
    return (this.worker = worker);
  }

  private settle(how: (waiting: Waiting) => void): void {
    window.clearTimeout(this.timer);
    const settled = this.current;
    this.current = null;
    if (settled) how(settled);
    this.next();
  }

  /** Give up what the worker is at, and go on with a new one. */
  private restart(reason: Reason): void {
    this.renew();
    this.settle((waiting) => waiting.lost(reason));
  }

  /** End the worker, and open in a new one, before anything else, the variants that were open. */
  private renew(): void {
    this.worker?.terminate();
    this.worker = null;
    const again = this.current?.done === NOTHING;
    if (again || !this.keys.length) return;
    const request: Request = { kind: "open", base: this.base, keys: this.keys };
    this.queue.unshift({ request, seconds: OPEN_SECONDS, done: NOTHING, lost: NOTHING });
  }
}
