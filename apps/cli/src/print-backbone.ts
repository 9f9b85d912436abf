import type { ModelReport } from './api-client.js';
import type { CommandContext } from './command.js';

/** Which backbone a version's figures are for, and below it `fuller` unless that is the full one; nothing where it isn't known. */
export function printBackbone({ backbone }: ModelReport, fuller: string, { terminal, texts }: Pick<CommandContext, 'terminal' | 'texts'>): void {
  if (backbone?.quality === undefined) {
    return;
  }
  terminal.print(texts.train.figuresFor(texts.train.backbones[backbone.quality], backbone.id));
  if (backbone.quality !== 'full') {
    terminal.print(fuller);
  }
}
