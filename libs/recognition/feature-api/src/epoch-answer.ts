import type { EpochReport } from '@repo/recognition-domain';

/** An epoch with the names that Keras made common. */
export function answerEpoch({ epoch, epochs, loss, accuracy, valLoss, valAccuracy }: EpochReport) {
  return { epoch, epochs, loss, accuracy, val_loss: valLoss, val_accuracy: valAccuracy };
}
