// npm run start:services: sets the checkout up, then runs the services against the servers that the settings name.
process.argv.splice(2, 0, '--services');
await import('./start.mjs');
