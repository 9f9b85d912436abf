import type { CapturedStatement } from './capture-mssql.js';

/** Words of Transact-SQL that our statements are made of; all else must be quoted, or is another database's. */
const words = new Set(
  `SELECT DISTINCT FROM WHERE AND OR NOT IN IS NULL LIKE ESCAPE BETWEEN EXISTS AS ON ORDER BY GROUP HAVING ASC DESC CASE WHEN THEN ELSE END
   INNER LEFT JOIN COUNT SUM MIN MAX COALESCE LOWER UPPER TRANSLATE LEN
   OFFSET ROWS FETCH NEXT ONLY TOP INSERT INTO VALUES DEFAULT OUTPUT INSERTED UPDATE SET DELETE
   WITH UPDLOCK ROWLOCK HOLDLOCK READPAST READCOMMITTEDLOCK NOLOCK SYSUTCDATETIME DATEADD DATEDIFF MILLISECOND`.split(/\s+/),
);
const MAX_PARAMETERS = 2_100;

/**
 * Why SQL Server would refuse the statement, or understand it otherwise than PostgreSQL;
 * empty when nothing speaks against it. It knows the queries this project writes, not all of SQL.
 */
export function mssqlTraps({ sql, parameters }: CapturedStatement): string[] {
  const bare = sql.replace(/'(?:[^']|'')*'/g, ' ').replace(/"(?:[^"]|"")*"/g, ' Q ');
  const foreign = [...bare.replace(/@\w+/g, ' ').matchAll(/[A-Za-z_]\w*/g)]
    .map(([word]) => word)
    .filter((word) => word !== 'Q' && !words.has(word.toUpperCase()));
  const placeholders = new Set([...bare.matchAll(/@(\d+)/g)].map(([, name]) => name));
  return [
    ...[...new Set(foreign)].map((word) => `${word} is no word of Transact-SQL that we know, and is not quoted`),
    ...[...bare.matchAll(/::|\|\||\$\d|`|\bTRUE\b|\bFALSE\b/gi)].map(([sign]) => `${sign} means nothing to SQL Server`),
    ...repeatedOrder(sql).map((column) => `ORDER BY names ${column} twice (error 169)`),
    ...(/\bOFFSET\b/.test(bare) && !/\bORDER BY\b/.test(bare) ? ['OFFSET needs an ORDER BY'] : []),
    ...parameters.filter(({ value, type }) => value instanceof Date && !type?.startsWith('datetime2')).map(({ name }) => `@${name} is sent as datetime, which rounds to 3 ms`),
    ...parameters.filter(({ name }) => !placeholders.has(name)).map(({ name }) => `@${name} is given but not used`),
    ...[...placeholders].filter((name) => !parameters.some((parameter) => parameter.name === name)).map((name) => `@${name} is used but not given`),
    ...(parameters.length > MAX_PARAMETERS ? [`${parameters.length} parameters, at most ${MAX_PARAMETERS} can be sent`] : []),
  ];
}

function repeatedOrder(sql: string): string[] {
  const columns = [...sql.matchAll(/\bORDER BY (.+?)(?:\bOFFSET\b|\)|$)/gs)].map(([, list = '']) => list.split(',').map((column) => column.replace(/\b(ASC|DESC)\b/g, '').trim()));
  return columns.flatMap((list) => list.filter((column, at) => list.indexOf(column) !== at));
}
