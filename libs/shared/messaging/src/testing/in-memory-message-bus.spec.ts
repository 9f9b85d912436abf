import { Logger } from '@nestjs/common';
import { InMemoryMessageBus, messageBusSuite } from './index.js';

Logger.overrideLogger(false);

const broker = {
  open: async (options: ConstructorParameters<typeof InMemoryMessageBus>[0]) => {
    const bus = new InMemoryMessageBus(options);
    return { bus, inject: async (queue: string, text: string) => bus.inject(queue, text) };
  },
};

messageBusSuite('in memory', () => broker, { outlivesProcesses: false, dropsDuplicates: true });
