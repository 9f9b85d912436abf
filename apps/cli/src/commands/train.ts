import { parseArgs } from 'node:util';
import type { ApiClient, Training } from '../api-client.js';
import { commonOptions, type Command, type CommandContext } from '../command.js';
import { connect, connectionOptions } from '../connection.js';
import { exitCode } from '../exit-code.js';
import { modelFigures } from '../model-figures.js';
import { watchTraining } from '../watch-training.js';

/** `train`: asks for a training and shows it to its end. */
export const train: Command = async (context) => {
  const { terminal, texts } = context;
  const { values } = parseArgs({ args: [...context.args], options: { ...commonOptions, ...connectionOptions, motivo: { type: 'string' } } });
  if (values.help) {
    terminal.print(texts.help.train);
    return exitCode.done;
  }
  const { client } = await connect(values, context);
  const { id } = await client.startTraining(values.motivo);
  terminal.print(texts.train.queued(id));
  if (terminal.isInteractive) {
    terminal.print(texts.train.onlyWatching);
  }
  const training = await watchTraining(client, id, context);
  await printResult(client, training, context);
  return training?.status === 'done' ? exitCode.done : exitCode.incomplete;
};

async function printResult(client: ApiClient, training: Training | undefined, { terminal, texts }: CommandContext): Promise<void> {
  if (training?.status === 'done' && training.modelVersion) {
    terminal.print(terminal.good(texts.train.done(training.modelVersion)));
    const figures = modelFigures(await client.model(training.modelVersion));
    terminal.print(terminal.table(texts.train.figuresHead, figures));
  } else if (training) {
    const { status } = training;
    const word = status === 'refused' || status === 'failed' || status === 'cancelled' ? texts.train.ended[status] : status;
    terminal.complain(terminal.bad(`${word}${training.reason ? `: ${training.reason}` : ''}`));
  }
}
