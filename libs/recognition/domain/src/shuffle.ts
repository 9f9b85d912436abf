/** Shuffles in place (Fisher and Yates). */
export function shuffle<T>(values: T[] | Int32Array, random: () => number): void {
  for (let last = values.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [values[last], values[other]] = [values[other] as T & number, values[last] as T & number];
  }
}
