import { expectedCalibrationError, meanLogLoss, type Prediction } from './calibration.js';
import { softmax } from './softmax.js';

export interface ClassReport {
  readonly label: string;
  /** Of those called so, the share that are; 0 when none was. */
  readonly precision: number;
  /** Of those that are, the share that was called so; 0 when there are none. */
  readonly recall: number;
  /** Harmonic mean of both. */
  readonly f1: number;
  /** Photos of this class. */
  readonly support: number;
}

export interface Evaluation {
  readonly accuracy: number;
  /** Mean log loss. */
  readonly loss: number;
  /** Mean f1 of the classes that have photos. */
  readonly macroF1: number;
  /** Expected calibration error over 15 bins, 0 to 1. */
  readonly ece: number;
  readonly perClass: readonly ClassReport[];
  /** Rows: true class, columns: predicted; both in the order of the labels. */
  readonly confusion: readonly (readonly number[])[];
}

/** How right a model is, with its confidences at the given temperature. */
export function evaluate(predictions: readonly Prediction[], labels: readonly string[], temperature: number): Evaluation {
  const answers = predictions.map(({ logits, truth }) => {
    const probabilities = softmax(logits, temperature);
    const confidence = Math.max(...probabilities);
    const answer = probabilities.indexOf(confidence);
    return { truth, answer, confidence, right: answer === truth };
  });
  const confusion = labels.map(() => labels.map(() => 0));
  for (const { truth, answer } of answers) {
    confusion[truth]![answer]! += 1;
  }
  const perClass = labels.map((label, index) => classReport(label, index, confusion));
  return {
    accuracy: mean(answers.map(({ right }) => Number(right))),
    loss: meanLogLoss(predictions, temperature),
    macroF1: mean(perClass.filter(({ support }) => support > 0).map(({ f1 }) => f1)),
    ece: expectedCalibrationError(answers),
    perClass,
    confusion,
  };
}

function classReport(label: string, index: number, confusion: readonly (readonly number[])[]): ClassReport {
  const right = confusion[index]![index]!;
  const support = sum(confusion[index]!);
  const called = sum(confusion.map((row) => row[index]!));
  const precision = called === 0 ? 0 : right / called;
  const recall = support === 0 ? 0 : right / support;
  return { label, precision, recall, f1: right === 0 ? 0 : (2 * precision * recall) / (precision + recall), support };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** 0 for none. */
function mean(values: readonly number[]): number {
  return sum(values) / Math.max(1, values.length);
}
