import { Column, type ColumnOptions, type DataSource } from 'typeorm';
import { columnShape, dialectOf, type ColumnKind } from './column-types.js';

const kinds = new Map<unknown, Map<string, ColumnKind>>();

const asJson = {
  to: (value: unknown) => (value === null || value === undefined ? value : JSON.stringify(value)),
  from: (text: string | null) => (text === null ? null : (JSON.parse(text) as unknown)),
};

/** A column by what it holds; `openDatabase` gives it the database's type. Absent values are `null`. */
export function PortableColumn(kind: ColumnKind, options: ColumnOptions = {}): PropertyDecorator {
  return (target, property) => {
    const ofClass = kinds.get(target.constructor) ?? new Map<string, ColumnKind>();
    kinds.set(target.constructor, ofClass.set(String(property), kind));
    // Stands in until the database is known; it exists in each of them.
    Column({ type: 'varchar', ...(kind === 'json' ? { transformer: asJson } : {}), ...options } as ColumnOptions)(target, property);
  };
}

/** Gives the portable columns of one opened database its types; another may hold the same entities otherwise. */
export function resolvePortableColumns(source: DataSource): void {
  const dialect = dialectOf(source.options.type);
  for (const { columns } of source.entityMetadatas) {
    for (const column of columns) {
      const kind = kinds.get(column.target)?.get(column.propertyName);
      if (kind) {
        Object.assign(column, columnShape(dialect, kind));
      }
    }
  }
}
