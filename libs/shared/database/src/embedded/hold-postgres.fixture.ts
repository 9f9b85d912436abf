import { EmbeddedPostgres } from './embedded-postgres.js';

// A supervisor for the specs: starts a server, says where, and holds it until it is killed.
const [dataDir = ''] = process.argv.slice(2);
const server = await EmbeddedPostgres.start({ dataDir, databases: ['collection'] }).catch((error: Error) => {
  process.send?.({ error: error.message });
});
process.send?.({ url: server?.urlFor('collection') });
process.on('disconnect', () => process.exit());
