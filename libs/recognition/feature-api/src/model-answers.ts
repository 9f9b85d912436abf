import type { ModelLineage, ModelMetrics, RegisteredModel } from '@repo/recognition-domain';
import { answerEpoch } from './epoch-answer.js';
import type { VisibleClasses } from './visible-classes.js';
import type { ModelAnswer, ModelReportAnswer } from './wire.js';

export function answerModel({ version, state, createdAt, activatedAt, path, embeddings, reason }: RegisteredModel, figures: ModelMetrics | undefined): ModelAnswer {
  return {
    version,
    state,
    createdAt: createdAt.toISOString(),
    activatedAt: activatedAt?.toISOString(),
    path,
    embeddings,
    reason,
    metrics: figures && pickFigures(figures.metrics),
    backbone: figures && answerModelBackbone(figures.lineage),
  };
}

/** With the report by class, as far as its reader may know the classes. */
export function answerReport(model: RegisteredModel, figures: ModelMetrics | undefined, isVisible: VisibleClasses): ModelReportAnswer {
  if (!figures) {
    return answerModel(model, undefined);
  }
  const { metrics, lineage, history, runId } = figures;
  const shown = lineage.labels.map((label, place) => ({ label, place })).filter(({ label }) => isVisible(label));
  const labels = shown.map(({ label }) => label);
  return {
    ...answerModel(model, figures),
    runId,
    temperature: metrics.temperature,
    perClass: metrics.perClass.filter(({ label }) => isVisible(label)),
    confusion: { labels, rows: shown.map((row) => shown.map((column) => metrics.confusion[row.place]?.[column.place] ?? 0)) },
    history: history.map(answerEpoch),
    lineage: { ...lineage, labels, leftOut: lineage.leftOut.filter(({ label }) => isVisible(label)) },
  };
}

export function answerModelBackbone({ backbone, backboneQuality }: ModelLineage): NonNullable<ModelAnswer['backbone']> {
  return { id: backbone, quality: backboneQuality };
}

function pickFigures({ accuracy, loss, macroF1, ece, valAccuracy, valLoss }: ModelMetrics['metrics']) {
  return { accuracy, loss, macroF1, ece, valAccuracy, valLoss };
}
