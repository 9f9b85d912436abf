import { Logger } from '@nestjs/common';
import { builtFile } from '@repo/kernel';
import { RabbitServer } from '@repo/servers';
import { connect, type ChannelModel } from 'amqplib';
import { afterAll, beforeAll, describe } from 'vitest';
import { messageBusSuite, startConsumerProcess } from '../testing/index.js';
import { RabbitMessageBus } from './rabbit-message-bus.js';

Logger.overrideLogger(false);

const script = builtFile(import.meta.url, './suite-consumer.process.js');

describe.skipIf(!RabbitServer.isInstalled())('with a RabbitMQ server', () => {
  let server: RabbitServer;
  let outside: ChannelModel;

  beforeAll(async () => {
    server = await RabbitServer.start();
    outside = await connect(server.url);
  });
  afterAll(async () => {
    await outside.close();
    await server.stop();
  });

  const inject = async (queue: string, text: string) => {
    const channel = await outside.createConfirmChannel();
    channel.sendToQueue(queue, Buffer.from(text), { persistent: true });
    await channel.waitForConfirms();
    await channel.close();
  };

  messageBusSuite(
    'rabbit',
    () => ({
      open: async (options) => ({ bus: await RabbitMessageBus.open({ url: server.url, settleMs: 0, ...options }), inject }),
      startConsumer: (queue, parallel) => startConsumerProcess(script, server.url, queue, String(parallel)),
      startWatcher: (queue) => startConsumerProcess(script, server.url, queue),
    }),
    { outlivesProcesses: true, dropsDuplicates: false },
  );
});
