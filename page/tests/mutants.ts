/** Films as disks, networks and people damage them: bits, bytes, ends, holes, and pieces of others; by a seed. */

/** Return numbers in [0, 1) that follow from a seed (mulberry32). */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Yield damaged copies of some films. */
export function* mutants(films: Uint8Array[], count: number, seed: number): Generator<Uint8Array> {
  const next = numbers(seed);
  const below = (most: number) => Math.floor(next() * most);
  for (let n = 0; n < count; n++) {
    const film = films[n % films.length].slice();
    const head = Math.min(film.length, next() < 0.6 ? 900 : film.length); // headers are where faults do most
    switch (below(5)) {
      case 0:
        film[below(head)] ^= 1 << below(8);
        break;
      case 1:
        for (let k = 0; k < 8; k++) film[below(head)] = below(256);
        break;
      case 2:
        yield film.subarray(0, below(film.length));
        continue;
      case 3:
        film.fill(below(2) * 255, below(head), below(film.length));
        break;
      default: {
        const other = films[below(films.length)];
        film.set(other.subarray(0, Math.min(other.length, film.length >> 1)), 0);
      }
    }
    yield film;
  }
}
