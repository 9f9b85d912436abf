/**
 * Places between two side effects where a process may die: what is promised must hold for a death at each of them.
 * A name with several passages (one for each variant, say) is told apart by their number.
 */
export const crashPoints = [
  'upload.before-put',
  'upload.after-put',
  'upload.after-commit',
  'relay.claimed',
  'rabbit.sent',
  'relay.published',
  'relay.marked',
  'augment.received',
  'augment.claimed',
  'augment.downloaded',
  'augment.rendered',
  'augment.uploaded',
  'augment.before-commit',
  'augment.after-commit',
  'augment.announced',
  'augment.before-acknowledge',
  'remove.marked',
  'remove.objects-gone',
  'remove.rows-gone',
  'train.version-stored',
  'train.version-noted',
  'train.announced',
  'dead-letter.kept',
] as const;
export type CrashPoint = (typeof crashPoints)[number];

let armed: { name: string; passagesLeft: number } | undefined;

/**
 * Makes this process end by SIGKILL at a crash point. For tests: nothing else arms one.
 *
 * @param setting `augment.uploaded`, or `augment.uploaded:4` for the fourth passage. Throws RangeError for an unknown name.
 */
export function armCrashPoint(setting: string): void {
  const [name = '', passage = '1'] = setting.split(':');
  if (!crashPoints.some((known) => known === name) || !/^[1-9]\d*$/.test(passage)) {
    throw new RangeError(`Expected one of ${crashPoints.join(', ')}, perhaps with :n, got "${setting}"`);
  }
  armed = { name, passagesLeft: Number(passage) };
}

/** Ends the process here when a test armed this point; does nothing otherwise. */
export function crashPoint(name: CrashPoint): void {
  if (armed?.name === name && --armed.passagesLeft === 0) {
    process.kill(process.pid, 'SIGKILL');
  }
}
