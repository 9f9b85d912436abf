import { expect, it } from 'vitest';
import { mssqlTraps } from './mssql-traps.js';

const parameter = (name: string, value: unknown = 'x', type?: string) => ({ name, value, type });

it.each([
  ['SELECT "item"."id" AS "item_id" FROM "Items" "item" WITH (UPDLOCK, ROWLOCK) WHERE (("item"."nome" = @0)) ORDER BY "item"."createdAt" DESC, "item"."id" DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY', [parameter('0')]],
  [`SELECT COUNT(1) AS "cnt" FROM "Items" WHERE LOWER(TRANSLATE("nome", @0, @1)) LIKE @2 ESCAPE '!' AND "state" = 'returning limit'`, [parameter('0'), parameter('1'), parameter('2')]],
  ['UPDATE "Items" SET "limit" = @0 WHERE "createdAt" < @1', [parameter('0', 1), parameter('1', new Date(), 'datetime2')]],
])('lets pass: %s', (sql, parameters) => expect(mssqlTraps({ sql, parameters })).toEqual([]));

it.each([
  ['SELECT "id" FROM "Items" LIMIT 10', 'LIMIT'],
  ['SELECT "id" FROM "Items" WHERE "nome" ILIKE \'x\'', 'ILIKE'],
  ['INSERT INTO "Items"("id") VALUES (1) RETURNING "id"', 'RETURNING'],
  ['INSERT INTO "Items"("id") VALUES (1) ON CONFLICT DO NOTHING', 'CONFLICT'],
  ['SELECT "id" FROM "Items" FOR UPDATE SKIP LOCKED', 'SKIP'],
  ['SELECT nome FROM "Items"', 'nome is no word'],
  ['SELECT "a"::text FROM "Items"', '::'],
  ['SELECT "a" || "b" FROM "Items"', '||'],
  ['SELECT "a" FROM "Items" WHERE "b" = TRUE', 'TRUE'],
  ['SELECT "a" FROM "Items" WHERE "id" = ANY(ARRAY[1])', 'ANY'],
  ['SELECT "a" FROM "Items" WHERE "at" < now()', 'now'],
  ['UPDATE "Items" SET "at" = getdate()', 'getdate'],
  ['MERGE INTO "Items" USING "x" ON 1=1', 'MERGE'],
  ['SELECT "a" FROM "Items" ORDER BY "id" ASC, "at" DESC, "id" DESC', 'twice (error 169)'],
  ['SELECT "a" FROM "Items" OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY', 'needs an ORDER BY'],
  ['SELECT `a` FROM "Items"', '`'],
])('catches: %s', (sql, trap) => expect(mssqlTraps({ sql, parameters: [] }).join('; ')).toContain(trap));

it('catches parameters that are not what they seem', () => {
  const sql = 'SELECT "a" FROM "Items" WHERE "at" < @0 AND "b" = @2';
  expect(mssqlTraps({ sql, parameters: [parameter('0', new Date()), parameter('1')] })).toEqual([
    '@0 is sent as datetime, which rounds to 3 ms',
    '@1 is given but not used',
    '@2 is used but not given',
  ]);
  const many = Array.from({ length: 2_101 }, (_, at) => parameter(String(at)));
  expect(mssqlTraps({ sql: `SELECT "a" FROM "Items" WHERE "id" IN (${many.map(({ name }) => `@${name}`).join(', ')})`, parameters: many })).toEqual(['2101 parameters, at most 2100 can be sent']);
});
