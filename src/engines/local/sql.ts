import type { FileFormat } from '../../domain/pipeline/manifest.ts'

export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** A name that no column has. */
export const freeName = (wanted: string, taken: readonly string[]): string =>
  taken.some((name) => name.toLowerCase() === wanted) ? freeName(`${wanted}_`, taken) : wanted

/** A folder named like `month=3` must not become a column, hence no hive partitioning. */
export const scanOf = (format: FileFormat, path: string): string =>
  `read_${format}(${literal(path)}, hive_partitioning = false)`

export type CopyFormat = FileFormat | 'ndjson'

/** A JSON sink is one array, so that the file is a JSON document; a JSON source may also be one object per line. */
const formatOptions: Record<CopyFormat, string> = {
  parquet: 'FORMAT parquet',
  csv: 'FORMAT csv, HEADER true',
  json: 'FORMAT json, ARRAY true',
  ndjson: 'FORMAT json, ARRAY false',
}

/** `query` ends on a line of its own: its last line may be a comment. */
export const copyTo = (query: string, format: CopyFormat, path: string): string =>
  `COPY (${query}\n) TO ${literal(path)} (${formatOptions[format]}, USE_TMP_FILE false)`
