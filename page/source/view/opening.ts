/** Variants are opened when they are asked first; without one that cannot be used the page goes on. */

import type { Reader } from "../worker/reader";
import { askedKeys, choose, type State, variantOf } from "./state";

/**
 * Open the variants that are asked, and leave out what is broken or answers otherwise here than on the desk.
 *
 * @param state The page's, changed; `broken` where the last variant answers otherwise.
 * @param reader What opens them.
 * @param fewer Called when one was left out.
 * @throws Error when the last cannot be opened.
 */
export async function openAsked(state: State, reader: Reader, fewer: () => void): Promise<void> {
  const closed = () => askedKeys(state).find((key) => !state.opened.has(key));
  for (let key = closed(); key; key = closed()) {
    const apart = await reader.open([key]).catch(() => null);
    const agreed = variantOf(state, key)?.agreed ?? 0;
    const right = apart !== null && Object.values(apart).every((value) => value <= agreed);
    state.broken = apart !== null && !right && state.variants.length === 1;
    if (right || state.broken) state.opened.add(key);
    else {
      leaveOut(state, key);
      fewer();
    }
  }
}

function leaveOut(state: State, key: string): void {
  state.unusable.push(variantOf(state, key)?.label ?? key);
  state.variants = state.variants.filter((placed) => placed.key !== key);
  if (state.other === key) state.other = "";
  if (!state.variants.length) throw new Error("no program can be opened");
  if (state.key === key) choose(state, state.variants[0].key);
}
