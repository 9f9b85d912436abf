import path from 'node:path';
import { parseArgs } from 'node:util';
import { readEnvironment, recognitionEnv } from '@repo/config';
import { PermanentError } from '@repo/kernel';
import { findBackbone, weightsFolder, weightsIn } from '@repo/recognition-data-access/weights';
import { commonOptions, type Command, type CommandContext } from '../command.js';
import { exitCode, UsageError } from '../exit-code.js';
import { pullBackbone, type PullSettings } from '../pull-backbone.js';

/** Of Keras Applications, Apache-2.0 (keras/src/applications/mobilenet_v2.py, which publishes no checksum of it). */
const officialWeights = 'https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5';

/** `backbone`: says which weights the platform stands on; `backbone pull` fetches the full ones. */
export const backbone = backboneCommand({ address: officialWeights, silenceMs: 30_000, pausesMs: [1_000, 4_000] });

/** @param settings where the weights come from and what they are compared with */
export function backboneCommand(settings: PullSettings): Command {
  return async (context) => {
    const [first = 'which', ...rest] = context.args;
    const [verb, args] = first.startsWith('-') ? ['which', context.args] : [first, rest];
    switch (verb) {
      case 'which':
        return whichBackbone(args, settings, context);
      case 'pull':
        return pullBackbone(args, settings, context);
      default:
        throw new UsageError(`${context.texts.unknownCommand(`backbone -- ${verb}`)}\n\n${context.texts.help.backbone}`);
    }
  };
}

async function whichBackbone(args: readonly string[], { shippedFolder }: PullSettings, { terminal, texts, environment }: CommandContext): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: commonOptions });
  if (values.help) {
    terminal.print(texts.help.backbone);
    return exitCode.done;
  }
  const { OC_BACKBONE: configured, OC_DATA_DIR } = readEnvironment(recognitionEnv.pick({ OC_BACKBONE: true, OC_DATA_DIR: true }), environment);
  const dataFolder = path.resolve(OC_DATA_DIR);
  try {
    const { info } = await findBackbone({ configured, dataFolder, shippedFolder });
    const { id, origin, path: file, inputSize, licence } = info;
    const { labels, origins } = texts.backbone;
    const lines = [
      [labels.origin, origins[origin]],
      [labels.file, file ?? '-'],
      [labels.input, `${inputSize} x ${inputSize} px`],
      [labels.licence, licence ?? '-'],
      [labels.id, id],
    ] as const;
    lines.forEach(([label, value]) => terminal.print(`${label.padEnd(11)}${value}`));
    if (origin === 'shipped') {
      terminal.print(`\n${texts.backbone.fuller}`);
    }
    return exitCode.done;
  } catch (error) {
    if (!(error instanceof PermanentError)) {
      throw error;
    }
    terminal.complain(terminal.bad(error.message));
    if (configured) {
      terminal.complain(texts.backbone.mendConfigured);
    } else if ((await weightsIn(weightsFolder(dataFolder))).length > 0) {
      terminal.complain(texts.backbone.mendOwn);
    }
    return exitCode.incomplete;
  }
}
