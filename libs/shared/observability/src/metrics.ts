import { Counter, Gauge, Histogram, collectDefaultMetrics, register } from 'prom-client';

/** Seconds: from a health check to an augmentation that has to wait. */
const durationBuckets = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** A counter of this process; asking again for the same name gives the same one. */
export function counter<Label extends string>(name: string, help: string, labelNames: readonly Label[] = []): Counter<Label> {
  return (register.getSingleMetric(name) as Counter<Label> | undefined) ?? new Counter({ name, help, labelNames });
}

/** A value that goes up and down; `collect` sets it when the page is read. */
export function gauge<Label extends string>(
  name: string,
  help: string,
  labelNames: readonly Label[] = [],
  collect?: (this: Gauge<Label>) => void | Promise<void>,
): Gauge<Label> {
  return (register.getSingleMetric(name) as Gauge<Label> | undefined) ?? new Gauge({ name, help, labelNames, ...(collect && { collect }) });
}

/** Durations in seconds unless other `buckets` are given. */
export function histogram<Label extends string>(
  name: string,
  help: string,
  labelNames: readonly Label[] = [],
  buckets: readonly number[] = durationBuckets,
): Histogram<Label> {
  return (
    (register.getSingleMetric(name) as Histogram<Label> | undefined) ??
    new Histogram({ name, help, labelNames, buckets: [...buckets] })
  );
}

/** Memory, processor time, event loop lag and file handles of this process, beside our own metrics. */
export function collectProcessMetrics(): void {
  if (!register.getSingleMetric('process_cpu_seconds_total')) {
    collectDefaultMetrics();
  }
}

/** Every metric of this process in Prometheus' text format. */
export async function renderMetrics(): Promise<{ contentType: string; text: string }> {
  return { contentType: register.contentType, text: await register.metrics() };
}
