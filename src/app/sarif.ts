import type { JsonObject } from '../domain/json.ts'
import type { Finding } from './ports/validation.ts'
import { version } from './version.ts'

const texts: Record<Finding['rule'], string> = {
  yaml: 'The file is one YAML document.',
  structure: 'The manifest has the fields that a manifest has.',
  reference: 'Every name is borne by something, and by one thing only.',
  cycle: 'A step reads only what comes before it.',
  'sql-syntax': 'SQL can be parsed.',
  'sql-table': 'SQL reads sources and earlier steps.',
  'sql-column': 'SQL reads columns that are there.',
  'sql-parameter': 'SQL uses parameters that are declared.',
  sql: 'SQL is one SELECT that the engine accepts.',
  contract: 'The sink keeps to its contract.',
}

/** Findings as SARIF 2.1.0 (OASIS); `file` is the manifest's, as it was given. */
export const sarifOf = (found: readonly { file: string; findings: readonly Finding[] }[]): JsonObject => ({
  $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
  version: '2.1.0',
  runs: [
    {
      tool: {
        driver: {
          name: 'ledgerline validate',
          semanticVersion: version,
          rules: Object.entries(texts).map(([id, text]) => ({ id, shortDescription: { text } })),
        },
      },
      results: found.flatMap(({ file, findings }) => findings.map((finding) => resultOf(file, finding))),
    },
  ],
})

const ruleIds = Object.keys(texts)

const resultOf = (file: string, { path, rule, severity, message }: Finding): JsonObject => ({
  ruleId: rule,
  ruleIndex: ruleIds.indexOf(rule),
  level: severity,
  message: { text: path === '' ? message : `${path}: ${message}` },
  locations: [
    {
      physicalLocation: { artifactLocation: { uri: encodeURI(file) }, ...regionOf(path) },
      logicalLocations: [{ fullyQualifiedName: path }],
    },
  ],
})

/** Only what is no YAML has its place by line. */
const regionOf = (path: string): JsonObject => {
  const [, line, column] = /^line (\d+), column (\d+)$/.exec(path) ?? []
  if (line === undefined || column === undefined) return {}
  return { region: { startLine: Number(line), startColumn: Number(column) } }
}
