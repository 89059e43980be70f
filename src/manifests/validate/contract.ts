import type { FindContract, Finding, KnownColumn } from '../../app/ports/validation.ts'
import { parseContractRef } from '../../domain/contract/events.ts'
import { columnsOf, isWithin, type Property } from '../../domain/contract/schema.ts'
import type { JsonObject, JsonValue } from '../../domain/json.ts'
import type { Manifest } from '../../domain/pipeline/manifest.ts'
import { jsonTypeOf, type KnownTable, type KnownTables, promised } from './tables.ts'

interface Checked {
  findings: Finding[]
  /** What the contracts of the sources promise. */
  sources: KnownTables
  /** How the columns that go into the sink differ from its contract, as far as they are known. */
  resultFindings(tables: KnownTables): Finding[]
}

const keys = ['sink', 'ref', 'sources']
const isText = (value: JsonValue | undefined): value is string => typeof value === 'string'
const finding = (path: string, message: string, severity: Finding['severity'] = 'error'): Finding => ({
  path: path === '' ? 'contract' : `contract.${path}`,
  rule: 'contract',
  severity,
  message,
})

/**
 * `contract: { sink, ref, sources }`: the sink keeps to the contract `ref`, and each source of `sources` is promised to
 * keep to its own.
 */
export const checkContract = async (manifest: Manifest, find: FindContract | null): Promise<Checked> => {
  const { contract } = manifest
  const nothing: Checked = { findings: [], sources: new Map(), resultFindings: () => [] }
  if (contract === null) return nothing
  const findings = Object.keys(contract)
    .filter((key) => !keys.includes(key))
    .map((key) => finding(key, 'unknown key'))
  const { sources, findings: ofSources } = await sourcesIn(manifest, contract.sources, find)
  const { sink, ref } = contract
  if (sink === undefined && ref === undefined && contract.sources !== undefined)
    return { ...nothing, findings: [...findings, ...ofSources], sources }
  const declared = isText(sink) && Object.hasOwn(manifest.sinks, sink) ? manifest.sinks[sink] : undefined
  const missing = isText(sink) ? `there is no sink '${sink}'` : 'must be the name of a sink'
  const ofSink = declared ? [] : [finding('sink', missing)]
  const looked = await lookUp(ref, 'ref', find)
  const { schema } = looked
  const resultFindings = (tables: KnownTables): Finding[] => {
    const table = declared ? (tables.get(declared.from.toLowerCase()) ?? null) : null
    return table && schema ? differences(table, schema, String(ref)) : []
  }
  return { findings: [...findings, ...ofSources, ...ofSink, ...looked.findings], sources, resultFindings }
}

const sourcesIn = async (manifest: Manifest, given: JsonValue | undefined, find: FindContract | null) => {
  const sources = new Map<string, KnownTable>()
  if (given === undefined) return { sources, findings: [] }
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return { sources, findings: [finding('sources', 'must be an object: the contract of a source by its name')] }
  const findings: Finding[] = []
  for (const [name, ref] of Object.entries(given)) {
    const path = `sources.${name}`
    if (!Object.hasOwn(manifest.sources, name)) findings.push(finding(path, `there is no source '${name}'`))
    const looked = await lookUp(ref, path, find)
    findings.push(...looked.findings)
    if (looked.schema) sources.set(name.toLowerCase(), promised(looked.schema))
  }
  return { sources, findings }
}

const lookUp = async (
  ref: JsonValue | undefined,
  path: string,
  find: FindContract | null,
): Promise<{ schema?: JsonObject; findings: Finding[] }> => {
  const parsed = isText(ref) ? parseContractRef(ref) : undefined
  if (parsed === undefined) return { findings: [finding(path, 'must be a name and a version, such as routes@v1')] }
  if (find === null) return { findings: [] }
  const schema = await find(parsed.name, parsed.version)
  if (schema) return { schema, findings: [] }
  return { findings: [finding(path, `there is no version ${parsed.version} of a contract '${parsed.name}'`)] }
}

/** Names go by the letter, as a reader of the file will take them. */
const differences = (table: KnownTable, schema: JsonObject, ref: string): Finding[] => {
  const { properties, isOpen } = columnsOf(schema)
  const columns = new Map(table.columns.map((column) => [column.name, column]))
  return [
    ...[...properties].flatMap(([name, property]) => {
      const column = columns.get(name)
      if (column) return typeFinding(column, property, ref)
      if (!property.isRequired) return []
      return table.isOpen
        ? [finding('ref', `${ref} requires the column '${name}', which no contract promises`, 'warning')]
        : [finding('ref', `${ref} requires the column '${name}', which the sink does not get`)]
    }),
    ...(isOpen ? [] : [...columns.keys()].filter((name) => !properties.has(name))).map((name) =>
      finding('ref', `${ref} does not allow the column '${name}', which the sink gets`),
    ),
  ]
}

const typeFinding = ({ name, type }: KnownColumn, { types }: Property, ref: string): Finding[] => {
  const found = type === null ? null : jsonTypeOf(type)
  if (found === null || types === null || isWithin(found, types)) return []
  return [finding('ref', `${ref} has '${name}' as ${types.join(' or ')}, but the sink gets ${type}`)]
}
