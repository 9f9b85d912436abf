/** Figures of a model version as rows of a table, shares as percent. */
export function modelFigures(model: Record<string, unknown>): string[][] {
  const metrics = (typeof model['metrics'] === 'object' && model['metrics'] !== null ? model['metrics'] : model) as Record<string, unknown>;
  return Object.entries(metrics)
    .filter((entry): entry is [string, number] => typeof entry[1] === 'number')
    .map(([name, value]) => [name, value.toFixed(3)]);
}
