import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readEnvironment, recognitionEnv } from '@repo/config';
import { PermanentError } from '@repo/kernel';
import { convertWeights, encodeSafetensors, leastLikeness, likenessToShipped, putWeights, weightsFolder, weightsIn, type Safetensors } from '@repo/recognition-data-access/weights';
import { drawSample, sampleKinds } from '@repo/samples';
import { commonOptions, type CommandContext } from './command.js';
import { download, DownloadError, type DownloadOptions } from './download.js';
import { exitCode, UsageError } from './exit-code.js';
import type { Progress } from './terminal.js';

export interface PullSettings extends Pick<DownloadOptions, 'silenceMs' | 'pausesMs'> {
  /** What is fetched when nothing else is asked for. */
  readonly address: string;
  /** Folder of the weights that come with the platform, to compare with; their usual one by default. */
  readonly shippedFolder?: string;
}

/** Keras's file has 9.4 MB, the widest one that it publishes 24 MB. */
const MOST_BYTES = 64_000_000;
const FILE_NAME = 'mobilenet_v2_1.0_224.safetensors';
const LICENCE = 'Apache-2.0';
/** Drawn photos that answers are compared on: of each kind, and their side in pixels. */
const PHOTOS_OF_KIND = 2;
const PHOTO_SIDE = 320;

/** Wants another file, or its permission. */
class Refusal extends Error {}

type Source = { readonly url: URL; readonly name: string } | { readonly file: string; readonly name: string };

/** `backbone pull`: puts the full backbone into the data folder, once it has shown that it is the one. */
export async function pullBackbone(args: readonly string[], settings: PullSettings, context: CommandContext): Promise<number> {
  const { terminal, texts } = context;
  const { values } = parseArgs({
    args: [...args],
    options: { ...commonOptions, from: { type: 'string' }, force: { type: 'boolean', default: false }, trust: { type: 'boolean', default: false } },
  });
  if (values.help) {
    terminal.print(texts.help.backbone);
    return exitCode.done;
  }
  const environment = readEnvironment(recognitionEnv.pick({ OC_BACKBONE: true, OC_DATA_DIR: true }), context.environment);
  const folder = weightsFolder(path.resolve(environment.OC_DATA_DIR));
  const source = readSource(values.from ?? settings.address, context);
  const check = (weights: Safetensors) => (values.trust ? undefined : checkLikeness(weights, settings, context));
  try {
    const [present] = values.force ? [] : await weightsIn(folder);
    if (present && 'url' in source) {
      await expectFrom(source, present, check, context);
    } else {
      const weights = await readWeights(source, settings, context);
      await check(weights);
      context.signal.throwIfAborted();
      const file = encodeSafetensors(withOrigin(weights, source, { isVerified: !values.trust }));
      if (present) {
        await expectSame(file, present, context);
      } else {
        await put(folder, file, context);
      }
    }
  } catch (error) {
    return explain(error, source, context);
  }
  if (environment.OC_BACKBONE) {
    terminal.print(texts.backbone.configuredGoesBefore(environment.OC_BACKBONE));
  }
  return exitCode.done;
}

function readSource(from: string, { folder, texts }: CommandContext): Source {
  if (!/^https?:/i.test(from)) {
    return { file: path.resolve(folder, from), name: path.basename(from) };
  }
  if (!URL.canParse(from) || new URL(from).username || new URL(from).password) {
    throw new UsageError(texts.backbone.noAddress);
  }
  const url = new URL(from);
  return { url, name: `${url.origin}${url.pathname}` }; // what follows a ? may be a key
}

async function readWeights(source: Source, settings: PullSettings, context: CommandContext): Promise<Safetensors> {
  const bytes = 'url' in source ? await fetchFile(source.url, settings, context) : await readLocalFile(source.file, context);
  return convertWeights(bytes);
}

async function fetchFile(url: URL, { silenceMs, pausesMs }: PullSettings, { terminal, texts, environment, signal }: CommandContext): Promise<Buffer> {
  terminal.print(texts.backbone.fetching(url.host));
  let progress: Progress | undefined;
  let shown = 0;
  try {
    return await download(url, {
      environment,
      signal,
      silenceMs,
      pausesMs,
      mostBytes: MOST_BYTES,
      onProgress: (received, total) => {
        progress ??= total === undefined ? undefined : terminal.progress('kB', Math.ceil(total / 1000));
        progress?.advance(Math.ceil(received / 1000) - shown); // back to the start where a second try has to begin there
        shown = Math.ceil(received / 1000);
      },
      onRetry: (seconds, why) => terminal.complain(texts.waiting(seconds, why.message)),
    });
  } finally {
    progress?.stop();
  }
}

async function readLocalFile(file: string, { texts }: CommandContext): Promise<Buffer> {
  try {
    if ((await stat(file)).size > MOST_BYTES) {
      throw new DownloadError('large', `more than ${MOST_BYTES / 1e6} MB`, false);
    }
    return await readFile(file);
  } catch (error) {
    if (error instanceof DownloadError) {
      throw error;
    }
    throw new UsageError(`${texts.backbone.noFile(file)} (${(error as NodeJS.ErrnoException).code})`, { cause: error });
  }
}

/** Throws Refusal for weights that answer otherwise than those that the platform's own learnt from. */
async function checkLikeness(weights: Safetensors, { shippedFolder }: PullSettings, { terminal, texts }: CommandContext): Promise<void> {
  terminal.print(texts.backbone.comparing);
  const wanted = sampleKinds.flatMap((kind) => Array.from({ length: PHOTOS_OF_KIND }, (_, seed) => ({ kind, seed })));
  const photos = await Promise.all(wanted.map(({ kind, seed }) => drawSample(kind, seed, seed, PHOTO_SIDE)));
  const likeness = await likenessToShipped(weights, photos, shippedFolder);
  if (likeness === undefined) {
    throw new Refusal(texts.backbone.nothingToCompare);
  }
  if (!(likeness >= leastLikeness)) {
    throw new Refusal(texts.backbone.unlike(likeness, leastLikeness));
  }
}

/** Own weights keep the licence that they name; the licence of Keras's is known where they were recognised. */
function withOrigin({ tensors, metadata }: Safetensors, { name }: Source, { isVerified }: { isVerified: boolean }): Safetensors {
  const licence = metadata.licence ?? (isVerified ? LICENCE : undefined);
  return { tensors, metadata: { ...metadata, ...(licence && { licence }), source: name } };
}

/** Throws Refusal when the weights that are there came from somewhere else, or have been damaged. */
async function expectFrom({ name }: Source, present: string, check: (weights: Safetensors) => Promise<void> | undefined, { terminal, texts }: CommandContext): Promise<void> {
  let reason: string;
  try {
    const weights = await convertWeights(await readFile(present));
    if (weights.metadata.source === name) {
      await check(weights);
      terminal.print(terminal.good(texts.backbone.alreadyThere(present)));
      return;
    }
    reason = texts.backbone.otherSource(weights.metadata.source ?? '?');
  } catch (error) {
    reason = (error as Error).message;
  }
  throw new Refusal(texts.backbone.taken(present, reason));
}

async function expectSame(file: Buffer, present: string, { terminal, texts }: CommandContext): Promise<void> {
  if (!file.equals(await readFile(present))) {
    throw new Refusal(texts.backbone.taken(present, texts.backbone.otherWeights));
  }
  terminal.print(terminal.good(texts.backbone.alreadyThere(present)));
}

async function put(folder: string, file: Buffer, { terminal, texts }: CommandContext): Promise<void> {
  const { path: written, setAside } = await putWeights(folder, FILE_NAME, file);
  terminal.print(terminal.good(texts.backbone.done(written)));
  setAside.forEach((other) => terminal.print(texts.backbone.setAside(other)));
  terminal.print(texts.backbone.restart);
}

function explain(error: unknown, { name }: Source, { terminal, texts }: CommandContext): number {
  const complain = (line: string) => terminal.complain(terminal.bad(line));
  if (error instanceof DownloadError) {
    complain(texts.backbone.notFetched[error.why](name, error.message));
    terminal.complain(texts.backbone.otherWays);
    return error.why === 'broken' ? exitCode.noPlatform : exitCode.incomplete;
  }
  if (error instanceof PermanentError) {
    complain(texts.backbone.unusable(name, error.message));
    terminal.complain(texts.backbone.otherWays);
    return exitCode.incomplete;
  }
  if (error instanceof Refusal) {
    complain(error.message);
    return exitCode.incomplete;
  }
  const { code, syscall, path: place } = error as NodeJS.ErrnoException;
  if (syscall !== undefined && place !== undefined) {
    complain(texts.backbone.notWritten(place, code ?? syscall));
    return exitCode.incomplete;
  }
  throw error;
}
