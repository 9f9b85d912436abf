import { mayBecome, ModelNotActivatableError, ModelNotFoundError, ModelRegistry, type ModelState, type RegisteredModel } from '../model-registry.js';
import { modelFolder, modelIndexKey, type ModelVersion } from '../model-version.js';

/** Versions in a map, by the same rules as the real ones. */
export class InMemoryModelRegistry extends ModelRegistry {
  private readonly rows = new Map<ModelVersion, RegisteredModel>();

  /** @param pause before each answer, so that calls interleave */
  constructor(private readonly pause: () => Promise<unknown> = async () => {}) {
    super();
  }

  override async register(version: ModelVersion, at: Date): Promise<RegisteredModel> {
    await this.pause();
    const fresh = { version, state: 'candidate' as const, createdAt: at, activatedAt: undefined, path: modelFolder(version), embeddings: modelIndexKey(version), reason: undefined };
    const row = this.rows.get(version) ?? fresh;
    this.rows.set(version, row);
    return row;
  }

  override async list(): Promise<RegisteredModel[]> {
    await this.pause();
    return [...this.rows.values()].sort((a, b) => (a.version < b.version ? 1 : -1));
  }

  override async get(version: ModelVersion): Promise<RegisteredModel> {
    await this.pause();
    return this.row(version);
  }

  override async active(): Promise<RegisteredModel | undefined> {
    await this.pause();
    return this.activeNow();
  }

  override async activate(version: ModelVersion, replacing: ModelVersion | undefined, reason: string, at: Date): Promise<boolean> {
    await this.pause();
    const { state } = this.row(version);
    if (state !== 'active' && !mayBecome(state, 'active')) {
      throw new ModelNotActivatableError(version, state);
    }
    if (state === 'active' || this.activeNow()?.version !== replacing) {
      return false;
    }
    if (replacing) {
      this.change(replacing, 'retired');
    }
    this.change(version, 'active', { reason, activatedAt: at });
    return true;
  }

  override async turnDown(version: ModelVersion, state: 'refused' | 'retired', reason: string): Promise<void> {
    await this.pause();
    if (this.rows.get(version)?.state === 'candidate') {
      this.change(version, state, { reason });
    }
  }

  override async remove(version: ModelVersion): Promise<boolean> {
    await this.pause();
    const row = this.rows.get(version);
    const removes = row !== undefined && mayBecome(row.state, 'removed');
    if (removes) {
      this.change(version, 'removed');
    }
    return removes;
  }

  private row(version: ModelVersion): RegisteredModel {
    const row = this.rows.get(version);
    if (!row) {
      throw new ModelNotFoundError(version);
    }
    return row;
  }

  private activeNow(): RegisteredModel | undefined {
    return [...this.rows.values()].find(({ state }) => state === 'active');
  }

  private change(version: ModelVersion, state: ModelState, change: Partial<RegisteredModel> = {}): void {
    const row = this.row(version);
    if (!mayBecome(row.state, state)) {
      throw new Error(`${version} can't become ${state} from ${row.state}`);
    }
    this.rows.set(version, { ...row, ...change, state });
  }
}
