import type { ModelVersion } from './model-version.js';

/** What a model reached on photos that it had not seen. */
export interface Scorecard {
  readonly version: ModelVersion;
  /** 0 to 1, over the classes of its own test photos. */
  readonly macroF1: number;
  readonly perClass: readonly { readonly label: string; readonly f1: number; readonly support: number }[];
  /** Checksum of the test photos and their labels: equal means the same examination. */
  readonly testSet: string;
}

export interface GateRules {
  /** How much worse than the present model's macro-F1 is still let through, 0 to 1. */
  readonly tolerance: number;
  /** Standard errors of the difference that count as chance when the test photos differ. */
  readonly chanceStandardErrors: number;
}

/** Half a percentage point (X76); 1.64 standard errors: one in twenty of equally good models would be refused. */
export const defaultGateRules: GateRules = { tolerance: 0.005, chanceStandardErrors: 1.64 };

export interface PromotionDecision {
  readonly promote: boolean;
  /** For people: names the figures that decided. */
  readonly reason: string;
}

/**
 * Whether a new model may replace the present one.
 *
 * On the same test photos and classes the macro-F1 of both is compared as it is.
 * A collection grows, so mostly they differ: then the classes that both know are compared, each
 * model on its own test photos, and a difference that chance explains doesn't count.
 * Examining the present model on the new test photos would not be fairer: it was fitted again on
 * every photo of its day, so it has seen most of them and would win against better models.
 */
export function decidePromotion(candidate: Scorecard, current: Scorecard | undefined, rules: GateRules): PromotionDecision {
  const flaw = findFlaw(candidate);
  if (flaw) {
    return { promote: false, reason: flaw };
  }
  if (!current || findFlaw(current)) {
    return { promote: true, reason: `macro-F1 ${percent(candidate.macroF1)}, and no model to compare it with` };
  }
  return isSameExamination(candidate, current)
    ? judge(candidate.macroF1, current.macroF1, rules.tolerance, `than ${current.version} on the same test photos`)
    : compareSharedClasses(candidate, current, rules);
}

function findFlaw({ macroF1, perClass }: Scorecard): string | undefined {
  const scores = [macroF1, ...perClass.map(({ f1 }) => f1)];
  if (perClass.length < 2 || perClass.every(({ support }) => support === 0)) {
    return 'it was not tested on at least 2 classes';
  }
  if (!scores.every((score) => Number.isFinite(score) && score >= 0 && score <= 1)) {
    return 'its test figures are not numbers between 0 and 1';
  }
  return macroF1 <= 1 / perClass.length ? `macro-F1 ${percent(macroF1)} is no better than guessing among ${perClass.length} classes` : undefined;
}

function isSameExamination(a: Scorecard, b: Scorecard): boolean {
  const labels = (card: Scorecard) => card.perClass.map(({ label }) => label).sort().join('\n');
  return a.testSet === b.testSet && labels(a) === labels(b);
}

function compareSharedClasses(candidate: Scorecard, current: Scorecard, rules: GateRules): PromotionDecision {
  const known = new Set(current.perClass.filter(({ support }) => support > 0).map(({ label }) => label));
  const labels = new Set(candidate.perClass.filter(({ label, support }) => support > 0 && known.has(label)).map(({ label }) => label));
  if (labels.size === 0) {
    return { promote: true, reason: `macro-F1 ${percent(candidate.macroF1)}, and no class in common with ${current.version}` };
  }
  const [ours, theirs] = [overClasses(candidate, labels), overClasses(current, labels)];
  const chance = rules.chanceStandardErrors * Math.hypot(standardError(ours), standardError(theirs));
  const against = `than ${current.version} over ${labels.size} shared classes, ${percent(chance)} being chance among ${ours.photos} and ${theirs.photos} test photos`;
  return judge(ours.meanF1, theirs.meanF1, rules.tolerance + chance, against);
}

function judge(ours: number, theirs: number, tolerance: number, against: string): PromotionDecision {
  const difference = ours - theirs;
  const how = difference === 0 ? 'no different' : `${percent(Math.abs(difference))} ${difference > 0 ? 'better' : 'worse'}`;
  // 1e-9: differences of decimal fractions are not exact, and the limit itself is let through.
  return { promote: difference >= -tolerance - 1e-9, reason: `macro-F1 ${percent(ours)}: ${how} ${against}` };
}

interface ClassScores {
  readonly meanF1: number;
  readonly photos: number;
}

function overClasses({ perClass }: Scorecard, labels: ReadonlySet<string>): ClassScores {
  const shared = perClass.filter(({ label }) => labels.has(label));
  return {
    meanF1: shared.reduce((sum, { f1 }) => sum + f1, 0) / shared.length,
    photos: shared.reduce((sum, { support }) => sum + support, 0),
  };
}

/** Of a share of `photos`; one photo is added on each side, so that a perfect score on 5 photos isn't taken as certain. */
function standardError({ meanF1, photos }: ClassScores): number {
  const share = (meanF1 * photos + 1) / (photos + 2);
  return Math.sqrt((share * (1 - share)) / (photos + 2));
}

const percent = (share: number) => `${(share * 100).toFixed(1)}%`;
