import type { FindContract, Finding, SqlReader } from '../../app/ports/validation.ts'
import { pathText } from '../problems.ts'
import { checkReferences } from '../references.ts'
import { parseStructure } from '../schema.ts'
import { parseYaml } from '../yaml.ts'
import { checkContract } from './contract.ts'
import { checkSql } from './sql.ts'

export interface Means {
  sql: SqlReader
  /** Null where there is no registry to ask: contracts are then checked only as far as the manifest goes. */
  findContract: FindContract | null
}

/** All that is wrong with a manifest, given as a value or as a text of YAML; what is wrong above hides what is below. */
export const validateManifest = async (given: unknown, means: Means): Promise<Finding[]> => {
  const yaml = typeof given === 'string' ? parseYaml(given) : { value: given }
  if ('problems' in yaml) return yaml.problems.map((problem) => ({ ...problem, rule: 'yaml', severity: 'error' }))
  const parsed = parseStructure(yaml.value)
  if ('problems' in parsed)
    return parsed.problems.map((problem) => ({ ...problem, rule: 'structure', severity: 'error' }))
  const { manifest } = parsed
  const references = checkReferences(manifest).map(
    ({ path, message }): Finding => ({ path: pathText(path), rule: 'reference', severity: 'error', message }),
  )
  const contract = await checkContract(manifest, means.findContract)
  const sql = await checkSql(manifest, means.sql, contract.sources)
  return [...references, ...sql.findings, ...contract.findings, ...contract.resultFindings(sql.tables)]
}
