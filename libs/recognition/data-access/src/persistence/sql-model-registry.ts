import { CollectionDatabase, inTransaction, isUniqueViolation, translateDatabaseErrors } from '@repo/database';
import {
  mayBecome,
  modelFolder,
  modelIndexKey,
  ModelNotActivatableError,
  ModelNotFoundError,
  ModelRegistry,
  statesBefore,
  type ModelVersion,
  type RegisteredModel,
} from '@repo/recognition-domain';
import { In, type EntityManager } from 'typeorm';
import { ModelRow } from './model.row.js';

export class SqlModelRegistry extends ModelRegistry {
  constructor(private readonly database: CollectionDatabase) {
    super();
  }

  register(version: ModelVersion, at: Date): Promise<RegisteredModel> {
    return translateDatabaseErrors(async () => {
      await this.rows
        .insert({ version, state: 'candidate', createdAt: at, activatedAt: null, path: modelFolder(version), embeddings: modelIndexKey(version), reason: null })
        .catch(unlessItIsThere);
      return this.get(version);
    });
  }

  list(): Promise<RegisteredModel[]> {
    return translateDatabaseErrors(async () => (await this.rows.find({ order: { version: 'DESC' } })).map(toModel));
  }

  get(version: ModelVersion): Promise<RegisteredModel> {
    return translateDatabaseErrors(async () => toModel(await findRow(this.database.source.manager, version)));
  }

  active(): Promise<RegisteredModel | undefined> {
    return translateDatabaseErrors(async () => {
      const row = await this.rows.findOneBy({ state: 'active' });
      return row ? toModel(row) : undefined;
    });
  }

  async activate(version: ModelVersion, replacing: ModelVersion | undefined, reason: string, at: Date): Promise<boolean> {
    try {
      await inTransaction(this.database.source, async (manager) => {
        const { state } = await findRow(manager, version);
        if (state !== 'active' && !mayBecome(state, 'active')) {
          throw new ModelNotActivatableError(version, state);
        }
        // Each statement names the state it expects: of two that swap at once, the second finds nothing to change.
        await expectOne(replacing === undefined || manager.update(ModelRow, { version: replacing, state: 'active' }, { state: 'retired' }));
        await expectOne(manager.update(ModelRow, { version, state: In(statesBefore('active')) }, { state: 'active', activatedAt: at, reason }));
      });
      return true;
    } catch (error) {
      if (error instanceof ActiveVersionChanged || isUniqueViolation(error)) {
        return false;
      }
      throw error;
    }
  }

  turnDown(version: ModelVersion, state: 'refused' | 'retired', reason: string): Promise<void> {
    return translateDatabaseErrors(async () => {
      await this.rows.update({ version, state: 'candidate' }, { state, reason });
    });
  }

  remove(version: ModelVersion): Promise<boolean> {
    return translateDatabaseErrors(async () => (await this.rows.update({ version, state: In(statesBefore('removed')) }, { state: 'removed' })).affected === 1);
  }

  private get rows() {
    return this.database.source.getRepository(ModelRow);
  }
}

/** Rolls the transaction back; never leaves this file. */
class ActiveVersionChanged extends Error {}

async function findRow(manager: EntityManager, version: ModelVersion): Promise<ModelRow> {
  const row = await manager.findOneBy(ModelRow, { version });
  if (!row) {
    throw new ModelNotFoundError(version);
  }
  return row;
}

async function expectOne(update: true | Promise<{ affected?: number | null }>): Promise<void> {
  if (update !== true && (await update).affected !== 1) {
    throw new ActiveVersionChanged();
  }
}

function unlessItIsThere(error: unknown): void {
  if (!isUniqueViolation(error)) {
    throw error;
  }
}

function toModel({ activatedAt, reason, ...row }: ModelRow): RegisteredModel {
  return { ...row, activatedAt: activatedAt ?? undefined, reason: reason ?? undefined };
}
