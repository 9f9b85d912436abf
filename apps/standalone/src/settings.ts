import { augmentationEnv, backendEnv, classifierEnv, launcherEnv, processEnv, recognitionEnv, storageEnv, trainingEnv } from '@repo/config';
import { z } from 'zod';

/**
 * Everything a person may set. The services read their own parts again; here a wrong value is
 * named before anything is started. What the platform decides by itself may be absent.
 */
export const settings = z.object({
  ...processEnv.partial().shape,
  ...storageEnv.partial().shape,
  ...backendEnv.partial().shape,
  ...augmentationEnv.partial().shape,
  ...recognitionEnv.partial().shape,
  ...trainingEnv.partial().shape,
  ...classifierEnv.partial().shape,
  ...launcherEnv.shape,
});
