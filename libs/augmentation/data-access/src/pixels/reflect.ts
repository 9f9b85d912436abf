/**
 * Where a position outside a line of `length` pixels lies when the line is continued by its mirror
 * image without repeating the edge (gfedcb|abcdefgh|gfedcba): OpenCV's BORDER_REFLECT_101.
 *
 * @param position a whole number, however far outside
 */
export function reflect(position: number, length: number): number {
  if (length === 1) {
    return 0;
  }
  const period = 2 * (length - 1);
  const folded = ((position % period) + period) % period;
  return folded < length ? folded : period - folded;
}
