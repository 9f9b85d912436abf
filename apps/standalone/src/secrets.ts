import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

const secret = z.string().min(32);

/** The platform's own keys, made at the first start. Losing them signs everybody out and ends open photo links; no data is lost. */
const secretsFile = z.object({ jwtSecret: secret, serviceToken: secret, linkSecret: secret });
export type Secrets = z.infer<typeof secretsFile>;

const newSecret = () => randomBytes(32).toString('base64url');

/** Reads `secrets.json` of the data folder, or makes it, readable by its owner alone. Throws, in words, when the folder or the file can't be used. */
export async function loadSecrets(dataDir: string): Promise<Secrets> {
  const file = path.join(dataDir, 'secrets.json');
  try {
    const kept = await readFile(file, 'utf8').catch(ignoreMissing);
    return kept === undefined ? await makeSecrets(file) : readSecrets(file, kept);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === undefined) {
      throw cause;
    }
    throw new Error(`The data folder ${dataDir} can't be used (${(cause as Error).message}): set OC_DATA_DIR to a folder you may write in`, { cause });
  }
}

async function makeSecrets(file: string): Promise<Secrets> {
  const secrets: Secrets = { jwtSecret: newSecret(), serviceToken: newSecret(), linkSecret: newSecret() };
  await mkdir(path.dirname(file), { recursive: true });
  const temporary = await open(`${file}.new`, 'w', 0o600);
  await temporary.writeFile(JSON.stringify(secrets, null, 2));
  await temporary.sync();
  await temporary.close();
  await rename(`${file}.new`, file); // whole or not at all
  return secrets;
}

function readSecrets(file: string, text: string): Secrets {
  try {
    return secretsFile.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`${file} can't be used: put back the one that was there, or move it away to have new secrets made`, { cause });
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') {
    throw error;
  }
  return undefined;
}
