import type { ApiClient, Epoch, Training, TrainingProgress } from './api-client.js';
import type { Terminal } from './terminal.js';
import type { Texts } from './texts.js';

/**
 * Shows a training until it ends: its phases, a line for each epoch, a bar of the whole.
 *
 * @param onPhase told of each new phase
 * @returns the training's final state
 */
export async function watchTraining(
  client: ApiClient,
  id: string,
  { terminal, texts }: { terminal: Terminal; texts: Texts },
  onPhase: (phase: string) => void = () => {},
): Promise<Training | undefined> {
  const bar = terminal.progress(texts.demo.training, 100);
  let percent = 0;
  let phase = '';
  let epochsSaid = 0;
  let last: Training | undefined;
  try {
    for await (const training of client.followTraining(id)) {
      last = training;
      const { progress } = training;
      if (!progress) {
        continue;
      }
      if (progress.phase !== phase) {
        phase = progress.phase;
        onPhase(phase);
        bar.log(texts.train.phases[phase] ?? phase);
      }
      const epochs = progress.epochs ?? [];
      if (epochsSaid === 0 && epochs.length > 0) {
        bar.log(texts.train.epochHead);
      }
      // A second fit, on all photos, starts its epochs afresh.
      epochsSaid = Math.min(epochsSaid, epochs.length);
      epochs.slice(epochsSaid).filter(isWorthALine).forEach((epoch) => bar.log(epochLine(epoch)));
      epochsSaid = epochs.length;
      bar.advance(Math.max(0, progress.percent - percent), detailOf(progress, texts));
      percent = Math.max(percent, progress.percent);
    }
  } finally {
    bar.stop();
  }
  return last;
}

function detailOf({ phase, photosAugmenting }: TrainingProgress, texts: Texts): string {
  return photosAugmenting ? texts.train.augmenting(photosAugmenting) : (texts.train.phases[phase] ?? phase);
}

/** The first ones move most; of the many later ones each tenth shows the way. */
function isWorthALine({ epoch, epochs }: Epoch): boolean {
  return epoch <= 5 || epoch % 10 === 0 || epoch === epochs;
}

/** Columns under `epochHead`. */
export function epochLine({ epoch, epochs, loss, accuracy, val_loss, val_accuracy }: Epoch): string {
  const share = (value: number | undefined) => (value === undefined ? '-' : `${(value * 100).toFixed(1)} %`);
  return [
    `${epoch}/${epochs}`.padEnd(8),
    loss.toFixed(4).padStart(7),
    share(accuracy).padStart(11),
    (val_loss?.toFixed(4) ?? '-').padStart(12),
    share(val_accuracy).padStart(16),
  ].join('');
}
