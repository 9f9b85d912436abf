import { InMemoryObjectStore, objectStoreSuite } from './index.js';

objectStoreSuite('in memory', () => new InMemoryObjectStore());
