import type { ServiceProcess } from './service-process.js';

/** Sum of a counter over the labels that hold the text, from the service's own page; 0 while the service does not run. */
async function counterOf({ url, isRunning }: ServiceProcess, name: string, labels = ''): Promise<number> {
  if (!isRunning) {
    return 0;
  }
  const page = await (await fetch(`${url}/metrics`)).text();
  const values = page.split('\n').filter((line) => new RegExp(`^${name}[ {]`).test(line) && line.includes(labels));
  return values.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** Deliveries that these processes have brought to an outcome since each was started. */
export async function deliveredMessages(services: readonly ServiceProcess[]): Promise<number> {
  const counts = await Promise.all(services.map((service) => counterOf(service, 'messages_delivered_total')));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Photos whose rows this worker has written, since it was started. */
export function finishedPhotos(worker: ServiceProcess): Promise<number> {
  return counterOf(worker, 'augmentation_jobs_total', 'outcome="success"');
}
