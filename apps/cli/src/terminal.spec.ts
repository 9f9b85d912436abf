import { expect, it } from 'vitest';
import { LineProgress, Terminal } from './terminal.js';

function terminalOn(isTTY: boolean, environment: NodeJS.ProcessEnv) {
  const written: string[] = [];
  const stream = { isTTY, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
  return { terminal: new Terminal(stream, stream, environment), written };
}

it.each([
  ['a terminal', true, {}, true],
  ['NO_COLOR', true, { NO_COLOR: '1' }, false],
  ['an empty NO_COLOR', true, { NO_COLOR: '' }, true],
  ['a pipe', false, {}, false],
  ['CI', true, { CI: 'true' }, false],
])('colours for %s', (_, isTTY, environment, coloured) => {
  expect(terminalOn(isTTY, environment).terminal.good('x') !== 'x').toBe(coloured);
});

it('draws a bar only where somebody watches', () => {
  const { terminal, written } = terminalOn(false, {});
  const progress = terminal.progress('Import', 4);
  [1, 2, 3, 4].forEach(() => progress.advance());
  progress.stop();
  expect(written).toEqual(['Import 1/4\n', 'Import 2/4\n', 'Import 3/4\n', 'Import 4/4\n']);
});

it('says ten lines of a long way', () => {
  const lines: string[] = [];
  const progress = new LineProgress((line) => lines.push(line), 'Import', 1000);
  Array.from({ length: 1000 }, () => progress.advance());
  expect(lines).toHaveLength(10);
  expect(lines.at(-1)).toBe('Import 1000/1000');
});
