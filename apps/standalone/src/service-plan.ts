import { createRequire } from 'node:module';
import path from 'node:path';
import type { ServiceSpec } from './service.js';
import type { Settings } from './settings.js';

/** How many processes there are of the services that may have several. */
export interface Copies {
  backends: number;
  augmentations: number;
}

export interface PlannedService extends Omit<ServiceSpec, 'environment'> {
  portVariable: 'PORT' | 'AUGMENTATIONS_PORT' | 'TRAINING_PORT' | 'CLASSIFIER_PORT';
  host: string;
  port: number;
}

/** Between the ports of two processes of one service; the defaults leave room for it. */
const PORT_STEP = 10;
/** Health and metrics are for this machine alone. */
const THIS_MACHINE = '127.0.0.1';

const require = createRequire(import.meta.url);
const scriptOf = (app: string) => path.join(path.dirname(require.resolve(`@repo/app-${app}/package.json`)), 'dist', 'main.js');

/**
 * Which processes run, and where they listen. The first of a service has the service's name, the next is `backend-2`.
 * The two services that answer people get room, so that V8 seldom collects, and go first;
 * the two that work behind them stay small and take what time is left.
 */
export function planServices(settings: Settings, { backends, augmentations }: Copies): PlannedService[] {
  const answering = { host: settings.OC_HOST, nodeFlags: ['--max-old-space-size=512'], niceness: 0 };
  const working = { host: THIS_MACHINE, niceness: 10 };
  return [
    ...several('backend', backends, { ...answering, portVariable: 'PORT', port: settings.PORT }),
    ...several('augmentations', augmentations, { ...working, portVariable: 'AUGMENTATIONS_PORT', port: settings.AUGMENTATIONS_PORT, nodeFlags: ['--max-old-space-size=128', '--max-semi-space-size=1'] }),
    ...several('training', 1, { ...working, portVariable: 'TRAINING_PORT', port: settings.TRAINING_PORT, nodeFlags: ['--max-old-space-size=256', '--max-semi-space-size=1'] }),
    ...several('classifier', 1, { ...answering, portVariable: 'CLASSIFIER_PORT', port: settings.CLASSIFIER_PORT }),
  ];
}

function several(app: string, count: number, first: Omit<PlannedService, 'name' | 'script'>): PlannedService[] {
  return Array.from({ length: count }, (_, index) => ({
    ...first,
    name: index === 0 ? app : `${app}-${index + 1}`,
    script: scriptOf(app),
    port: first.port + index * PORT_STEP,
  }));
}
