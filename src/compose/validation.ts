import type { FindContract, Finding } from '../app/ports/validation.ts'
import { readContractSchema } from '../contracts/schema.ts'
import { validateManifest } from '../manifests/validate/validate.ts'

/**
 * Validates manifests with DuckDB, one at a time. Each gets a database of its own, so that no tenant's tables are there
 * for another's.
 */
export const composeValidation = () => {
  let last: Promise<unknown> = Promise.resolve()
  const validate = (given: unknown, findContract: FindContract | null): Promise<Finding[]> => {
    const next = last.then(async () => {
      // Loaded when it is first asked for: a service without a worker has no other use for DuckDB.
      const { openSqlReader } = await import('../engines/local/sql-reader.ts')
      const sql = await openSqlReader()
      try {
        return await validateManifest(given, { sql, findContract })
      } finally {
        await sql.close()
      }
    })
    last = next.catch(() => undefined)
    return next
  }
  return { validateManifest: validate, contractSchemas: { read: readContractSchema } }
}
