import { readEnvironment } from '@repo/config';
import { expect, it } from 'vitest';
import { planServices, type Copies } from './service-plan.js';
import { settings } from './settings.js';

const plan = (copies: Partial<Copies> = {}, environment: Record<string, string> = {}) => planServices(readEnvironment(settings, environment), { backends: 1, augmentations: 1, ...copies });
const ports = (...of: Parameters<typeof plan>) => Object.fromEntries(plan(...of).map(({ name, port }) => [name, port]));

it('runs one of each service unless more are wanted', () => expect(ports()).toEqual({ backend: 5000, augmentations: 5011, training: 5012, classifier: 5001 }));

it('gives each further one a port 10 higher and a name of its own', () =>
  expect(ports({ backends: 3, augmentations: 2 })).toEqual({ backend: 5000, 'backend-2': 5010, 'backend-3': 5020, augmentations: 5011, 'augmentations-2': 5021, training: 5012, classifier: 5001 }));

it('has no two on one port, however many there are', () => {
  const all = plan({ backends: 20, augmentations: 20 }).map(({ port }) => port);
  expect(new Set(all).size).toBe(all.length);
});

it('begins with the ports of the settings', () => expect(ports({ backends: 2 }, { PORT: '8000' })).toMatchObject({ backend: 8000, 'backend-2': 8010 }));

it('lets backends and classifier alone be reached from elsewhere', () =>
  expect(plan({ backends: 2, augmentations: 2 }, { OC_HOST: '0.0.0.0' }).flatMap(({ name, host }) => (host === '0.0.0.0' ? name : []))).toEqual(['backend', 'backend-2', 'classifier']));
