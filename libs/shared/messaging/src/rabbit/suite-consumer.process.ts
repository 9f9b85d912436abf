import { Logger } from '@nestjs/common';
import type { DeadLetterSink } from '../dead-letter.js';
import { consumeSuite, watchSuite } from '../testing/suite-consumer.js';
import { RabbitMessageBus } from './rabbit-message-bus.js';

// A consumer that its tests can kill: url, queue and the number of messages at once; a watcher without that number.
Logger.overrideLogger(false);
const [url, queue, parallel] = process.argv.slice(2);
const open = (deadLetters: DeadLetterSink) => RabbitMessageBus.open({ url: url!, deadLetters, settleMs: 0 });
await (parallel === undefined ? watchSuite(open, queue!) : consumeSuite(open, queue!, Number(parallel)));
