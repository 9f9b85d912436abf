import { afterAll, beforeAll, describe } from 'vitest';
import { PlatformUnderTest } from './platform-under-test.js';
import { walkTheRoad } from './walk-the-road.js';

describe('with everything embedded', () => {
  let platform: PlatformUnderTest;
  beforeAll(async () => {
    platform = await PlatformUnderTest.create();
    await platform.start();
  });
  afterAll(() => platform?.destroy());

  walkTheRoad(() => platform);
});
