import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { drawSample, sampleCategory, sampleKinds, sampleName, type SampleKind, type Setting } from '@repo/samples';
import { ApiClient, type Classification, type Photo, type Training } from '../api-client.js';
import { commonOptions, type Command, type CommandContext } from '../command.js';
import { connect, connectionOptions } from '../connection.js';
import { exitCode, UsageError } from '../exit-code.js';
import { PlatformEndedError, PlatformProcess } from '../platform-process.js';
import { printBackbone } from '../print-backbone.js';
import { score, type Question, type Score } from '../recognition-score.js';
import { runParallel } from '../run-parallel.js';
import { Stopwatch } from '../stopwatch.js';
import { watchTraining } from '../watch-training.js';
import { wholeNumber } from '../whole-number.js';

/** Photos of each kind that are asked about at the end: of uploaded things, and of others. */
const KNOWN_ASKED = 6;
const UNSEEN_ASKED = 4;
/** Seeds of the photos and things that are only ever asked about. */
const NEW_VIEW = 1000;
const UNSEEN_ITEM = 1000;
const PARALLEL = 2;

interface Plan {
  readonly kinds: readonly SampleKind[];
  readonly items: number;
  readonly views: number;
  readonly sizePx: number;
  readonly setting: Setting;
}

interface Thing {
  readonly kind: SampleKind;
  readonly seed: number;
  readonly photos: readonly Photo[];
  itemId?: string;
}

/** `demo`: draws a collection and takes it along the whole road. */
export const demo: Command = async (context) => {
  const { terminal, texts } = context;
  const { values } = parseArgs({
    args: [...context.args],
    options: {
      ...commonOptions,
      ...connectionOptions,
      items: { type: 'string', default: '12' },
      views: { type: 'string', default: '1' },
      kinds: { type: 'string', default: 'coins,stamps,cars,minerals,watches' },
      size: { type: 'string', default: '640' },
      setting: { type: 'string', default: 'studio' },
      keep: { type: 'boolean', default: false },
      draw: { type: 'string' },
    },
  });
  if (values.help) {
    terminal.print(texts.help.demo);
    return exitCode.done;
  }
  const plan: Plan = {
    kinds: readKinds(values.kinds),
    items: wholeNumber(values.items, '--items', 5, 200, texts),
    views: wholeNumber(values.views, '--views', 1, 10, texts),
    sizePx: wholeNumber(values.size, '--size', 64, 4000, texts),
    setting: readSetting(values.setting),
  };
  const things = plan.kinds.length * plan.items;
  terminal.print(texts.demo.intro(things, things * plan.views, plan.kinds.map(sampleCategory).join(', ')));

  const watch = new Stopwatch();
  const collection = await watch.time(texts.demo.drawing, () => drawCollection(plan, context));
  if (values.draw !== undefined) {
    return writePhotos(path.resolve(context.folder, values.draw), collection, plan, context);
  }
  if (values.url !== undefined) {
    const { client } = await connect(values, context);
    return tour(client, collection, plan, watch, context);
  }
  return onOwnPlatform(values.keep, watch, context, (client) => tour(client, collection, plan, watch, context));
};

function readKinds(list: string): SampleKind[] {
  const kinds = list.split(',').map((kind) => kind.trim());
  const isKind = (kind: string): kind is SampleKind => (sampleKinds as readonly string[]).includes(kind);
  if (new Set(kinds).size < 2 || !kinds.every(isKind)) {
    throw new UsageError(`--kinds: ≥ 2 × ${sampleKinds.join(', ')}`);
  }
  return [...new Set(kinds)];
}

function readSetting(text: string): Setting {
  if (text !== 'studio' && text !== 'varied') {
    throw new UsageError('--setting: studio, varied');
  }
  return text;
}

async function drawCollection(plan: Plan, { terminal, texts, signal }: CommandContext): Promise<Thing[]> {
  const things: Thing[] = [];
  const wanted = plan.kinds.flatMap((kind) => Array.from({ length: plan.items }, (_, seed) => ({ kind, seed })));
  const progress = terminal.progress(texts.demo.drawing, wanted.length);
  await runParallel(wanted, PARALLEL, async ({ kind, seed }) => {
    signal.throwIfAborted();
    const photos = await Promise.all(Array.from({ length: plan.views }, (_, view) => drawPhoto({ kind, seed }, view, plan)));
    things.push({ kind, seed, photos });
    progress.advance(1, sampleName(kind, seed));
  }).finally(() => progress.stop());
  return things;
}

async function drawPhoto({ kind, seed }: Pick<Thing, 'kind' | 'seed'>, view: number, { sizePx, setting }: Plan): Promise<Photo> {
  return { fileName: `${kind}-${seed}-${view}.jpg`, bytes: new Uint8Array(await drawSample(kind, seed, view, sizePx, setting)) };
}

/** A folder as `import` takes it, and beside it new photos to ask about. */
async function writePhotos(folder: string, things: readonly Thing[], plan: Plan, { terminal, texts }: CommandContext): Promise<number> {
  const newFolder = `${folder}-new`;
  for (const { kind, seed, photos } of things) {
    const categoryFolder = path.join(folder, sampleCategory(kind));
    await mkdir(categoryFolder, { recursive: true });
    const name = `${sampleName(kind, seed)} (${seed + 1})`; // drawn names repeat, as collectors' do
    await Promise.all(photos.map(({ bytes }, view) => writeFile(path.join(categoryFolder, view === 0 ? `${name}.jpg` : `${name} ${view + 1}.jpg`), bytes)));
  }
  await mkdir(newFolder, { recursive: true });
  for (const kind of plan.kinds) {
    await writeFile(path.join(newFolder, `${kind}-known.jpg`), (await drawPhoto({ kind, seed: 0 }, NEW_VIEW, plan)).bytes);
    await writeFile(path.join(newFolder, `${kind}-unseen.jpg`), (await drawPhoto({ kind, seed: UNSEEN_ITEM }, NEW_VIEW, plan)).bytes);
  }
  terminal.print(texts.demo.drawn(folder, newFolder));
  return exitCode.done;
}

/** Whatever happens, the platform is stopped; its folder is removed unless it is wanted or says what went wrong. */
async function onOwnPlatform(keep: boolean, watch: Stopwatch, context: CommandContext, work: (client: ApiClient) => Promise<number>): Promise<number> {
  const { terminal, texts, environment, signal } = context;
  if (!PlatformProcess.isBuilt()) {
    throw new UsageError(texts.demo.notBuilt);
  }
  terminal.print(`${texts.demo.starting}…`);
  let platform: PlatformProcess;
  try {
    platform = await watch.time(texts.demo.starting, () => PlatformProcess.start(environment, signal));
  } catch (error) {
    if (!(error instanceof PlatformEndedError)) {
      throw error;
    }
    terminal.complain(terminal.bad(texts.demo.platformEnded(error.folder)));
    terminal.complain(error.said);
    return exitCode.noPlatform;
  }
  let code: number | undefined;
  try {
    const client = new ApiClient(platform.url, platform.credentials, { signal });
    code = await work(client);
    return code;
  } finally {
    await platform.stop();
    if (keep || (code !== exitCode.done && !signal.aborted)) {
      terminal.print(texts.demo.kept(platform.folder));
    } else {
      await platform.removeFolder();
    }
  }
}

async function tour(client: ApiClient, things: readonly Thing[], plan: Plan, watch: Stopwatch, context: CommandContext): Promise<number> {
  const { terminal, texts } = context;
  const firstSimilar = await watch.time(texts.demo.uploading, () => upload(client, things, plan, context));
  if (firstSimilar === undefined) {
    terminal.complain(texts.demo.noSimilar);
  } else {
    watch.note(texts.demo.firstSimilar, firstSimilar);
  }

  const training = await train(client, watch, context);
  if (training?.status !== 'done') {
    terminal.complain(terminal.bad(texts.demo.trainingEnded(training?.status ?? '?', training?.reason ?? '?')));
    return exitCode.incomplete;
  }

  const answers = await recognise(client, things, plan, training.modelVersion ?? undefined, watch, context);
  printRecognised(answers, plan.kinds, context);
  if (training.modelVersion) {
    printBackbone(await client.model(training.modelVersion), texts.demo.fuller, context);
  }
  terminal.print(
    terminal.table(texts.demo.stepsHead, [...watch.steps.map(({ name, seconds }) => [name, texts.seconds(seconds)]), [texts.demo.total, texts.seconds(watch.totalSeconds())]]),
  );
  return exitCode.done;
}

/** Answers the seconds from the first item's upload until it was found by another photo of it; undefined when it never was. */
async function upload(client: ApiClient, things: readonly Thing[], plan: Plan, { terminal, texts, signal }: CommandContext): Promise<number | undefined> {
  let search: Promise<number | undefined> | undefined;
  const progress = terminal.progress(texts.demo.uploading, things.length);
  await runParallel(things, PARALLEL, async (thing) => {
    signal.throwIfAborted();
    const { kind, seed, photos } = thing;
    const name = sampleName(kind, seed);
    ({ itemId: thing.itemId } = await client.createItem({ nome: name, categoria: sampleCategory(kind), fotos: photos }, randomUUID()));
    search ??= untilFound(client, thing, plan, signal);
    progress.advance(1, name);
  }).finally(() => progress.stop());
  return search;
}

async function untilFound(client: ApiClient, thing: Thing, plan: Plan, signal: AbortSignal): Promise<number | undefined> {
  const startedAt = performance.now();
  const photo = await drawPhoto(thing, NEW_VIEW, plan);
  while (performance.now() - startedAt < 30_000) {
    const { itemsSemelhantes } = await client.classify(photo);
    if (itemsSemelhantes.some(({ id }) => id === thing.itemId)) {
      return (performance.now() - startedAt) / 1000;
    }
    await sleep(200, undefined, { signal });
  }
  return undefined;
}

/** Two steps for the stopwatch: the wait for the variants, and the rest. */
async function train(client: ApiClient, watch: Stopwatch, context: CommandContext): Promise<Training | undefined> {
  const startedAt = performance.now();
  let variantsDoneAt: number | undefined;
  const { id } = await client.startTraining('demo');
  const training = await watchTraining(client, id, context, (phase) => {
    if (phase !== 'waiting') {
      variantsDoneAt ??= performance.now();
    }
  });
  const endedAt = performance.now();
  watch.note(context.texts.demo.variants, ((variantsDoneAt ?? endedAt) - startedAt) / 1000);
  watch.note(context.texts.demo.training, (endedAt - (variantsDoneAt ?? endedAt)) / 1000);
  return training;
}

type Answer = readonly [Question & { readonly kind: SampleKind }, Classification];

async function recognise(
  client: ApiClient,
  things: readonly Thing[],
  plan: Plan,
  version: string | undefined,
  watch: Stopwatch,
  { terminal, texts, signal }: CommandContext,
): Promise<Answer[]> {
  const { kinds } = plan;
  const known = kinds.flatMap((kind) => things.filter((thing) => thing.kind === kind).slice(0, KNOWN_ASKED));
  const unseen = kinds.flatMap((kind) => Array.from({ length: UNSEEN_ASKED }, (_, i): Thing => ({ kind, seed: UNSEEN_ITEM + i, photos: [] })));
  const questions = await Promise.all([...known, ...unseen].map(async (thing) => ({ ...thing, photo: await drawPhoto(thing, NEW_VIEW + 1, plan) })));
  await untilServed(client, version, questions[0]?.photo, signal);

  const answers: Answer[] = [];
  const progress = terminal.progress(texts.demo.recognising, questions.length);
  await watch
    .time(texts.demo.recognising, async () => {
      for (const { kind, itemId, photo } of questions) {
        answers.push([{ kind, category: sampleCategory(kind), itemId }, await client.classify(photo)]);
        progress.advance();
      }
    })
    .finally(() => progress.stop());
  return answers;
}

/** The classifier takes a new version up by itself, within seconds of the training's end. */
async function untilServed(client: ApiClient, version: string | undefined, photo: Photo | undefined, signal: AbortSignal): Promise<void> {
  const giveUpAt = performance.now() + 30_000;
  while (photo && version && performance.now() < giveUpAt && (await client.classify(photo)).modelVersion !== version) {
    await sleep(250, undefined, { signal });
  }
}

function printRecognised(answers: readonly Answer[], kinds: readonly SampleKind[], { terminal, texts }: CommandContext): void {
  const isKnown = ([{ itemId }]: Answer) => itemId !== undefined;
  const share = ({ right, asked }: Score) => texts.demo.outOf(right, asked);
  const rows = kinds.map((kind) => {
    const ofKind = answers.filter(([question]) => question.kind === kind);
    const known = score(ofKind.filter(isKnown));
    const unseen = score(ofKind.filter((answer) => !isKnown(answer)));
    return [sampleCategory(kind), share(known), texts.demo.outOf(known.foundItself, known.asked), share(unseen)];
  });
  const all = score(answers);
  terminal.print(terminal.table(texts.demo.recognisedHead, rows));
  terminal.print(terminal.bold(texts.demo.accuracy(all.right / all.asked, all.sure, all.asked)));
}
