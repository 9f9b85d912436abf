import { parseArgs } from 'node:util';
import type { ApiClient, ModelReport, Training } from '../api-client.js';
import { commonOptions, type Command, type CommandContext } from '../command.js';
import { connect, connectionOptions } from '../connection.js';
import { exitCode } from '../exit-code.js';
import { printBackbone } from '../print-backbone.js';
import type { Terminal } from '../terminal.js';
import type { Texts } from '../texts.js';
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

async function printResult(client: ApiClient, training: Training | undefined, context: CommandContext): Promise<void> {
  const { terminal, texts } = context;
  if (training?.status === 'done' && training.modelVersion) {
    terminal.print(terminal.good(texts.train.done(training.modelVersion)));
    const leftOut = training.progress?.leftOut ?? [];
    if (leftOut.length > 0) {
      terminal.print(texts.train.leftOut(leftOut.map(({ label, photos }) => `${label} (${photos})`).join(', ')));
    }
    const model = await client.model(training.modelVersion);
    printFigures(model, terminal, texts);
    printBackbone(model, texts.train.fuller, context);
  } else if (training) {
    const { status } = training;
    const word = status === 'refused' || status === 'failed' || status === 'cancelled' ? texts.train.ended[status] : status;
    terminal.complain(terminal.bad(`${word}${training.reason ? `: ${training.reason}` : ''}`));
  }
}

function printFigures({ metrics, perClass = [] }: ModelReport, terminal: Terminal, texts: Texts): void {
  if (metrics) {
    const { accuracy, macroF1, ece, loss } = metrics;
    terminal.print(terminal.table(texts.train.figuresHead, [[percent(accuracy), percent(macroF1), percent(ece), loss.toFixed(3)]]));
  }
  if (perClass.length > 0) {
    terminal.print(
      terminal.table(texts.train.classesHead, perClass.map(({ label, precision, recall, f1, support }) => [label, percent(precision), percent(recall), percent(f1), String(support)])),
    );
  }
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
