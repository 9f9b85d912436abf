import { expect, it } from 'vitest';
import { modelManifest, verifyModelFiles, type ModelFile, type ModelFileName } from './model-files.js';

const version = 'v20260102030405678';

function storedVersion(changes: Partial<Record<ModelFileName, Buffer | undefined>> = {}) {
  const files: ModelFile[] = (['model.onnx', 'labels.json'] as const).map((name) => ({ name, contentType: '', bytes: Buffer.from(`the bytes of ${name}`) }));
  const about = { version, createdAt: '2026-01-02T03:04:05.678Z', backbone: 'b', classes: 2, vectors: 0 };
  const stored: Partial<Record<ModelFileName, Buffer | undefined>> = {
    ...Object.fromEntries(files.map(({ name, bytes }) => [name, bytes])),
    'manifest.json': Buffer.from(JSON.stringify(modelManifest(about, files))),
    ...changes,
  };
  return async (name: ModelFileName) => stored[name];
}

it('answers the files that are as the manifest says', async () => {
  const { manifest, files } = await verifyModelFiles(version, storedVersion(), ['model.onnx', 'labels.json']);
  expect(manifest.classes).toBe(2);
  expect(files.get('labels.json')!.toString()).toBe('the bytes of labels.json');
});

it.each([
  ['no manifest', { 'manifest.json': undefined }, 'manifest.json is missing'],
  ['a manifest that is no JSON', { 'manifest.json': Buffer.from('{"version"') }, 'manifest.json is not JSON'],
  ['a manifest that lists nothing', { 'manifest.json': Buffer.from(JSON.stringify({ version })) }, 'lists no files'],
  ['the manifest of another version', { 'manifest.json': Buffer.from(JSON.stringify({ version: 'v1', files: {} })) }, 'its manifest is of version v1'],
  ['a missing file', { 'model.onnx': undefined }, 'model.onnx is missing'],
  ['a truncated file', { 'model.onnx': Buffer.from('the bytes of model') }, 'model.onnx has 18 bytes instead of 23'],
  ['a file of the same length', { 'model.onnx': Buffer.from('the bytes of model.onny') }, 'model.onnx has another checksum'],
])('refuses %s, naming it', async (_, changes, message) => {
  await expect(verifyModelFiles(version, storedVersion(changes), ['model.onnx', 'labels.json'])).rejects.toThrow(message);
});

it('refuses a file that the manifest does not list', async () => {
  await expect(verifyModelFiles(version, storedVersion(), ['model.h5'])).rejects.toThrow("doesn't list model.h5");
});
