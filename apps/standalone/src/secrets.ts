import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';

/** The platform's own keys, made at the first start. Losing them signs everybody out and ends open photo links; no data is lost. */
export interface Secrets {
  jwtSecret: string;
  serviceToken: string;
  linkSecret: string;
}

const newSecret = () => randomBytes(32).toString('base64url');

/** Reads `secrets.json` of the data folder, or makes it, readable by its owner alone. */
export async function loadSecrets(dataDir: string): Promise<Secrets> {
  const file = path.join(dataDir, 'secrets.json');
  const kept = await readFile(file, 'utf8').catch(ignoreMissing);
  const secrets: Secrets = { jwtSecret: newSecret(), serviceToken: newSecret(), linkSecret: newSecret(), ...(kept ? JSON.parse(kept) : {}) };
  if (!kept) {
    await mkdir(dataDir, { recursive: true });
    const temporary = await open(`${file}.new`, 'w', 0o600);
    await temporary.writeFile(JSON.stringify(secrets, null, 2));
    await temporary.sync();
    await temporary.close();
    await rename(`${file}.new`, file); // whole or not at all
  }
  return secrets;
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') {
    throw error;
  }
  return undefined;
}
