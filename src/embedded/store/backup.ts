import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ledgerFile } from './schema.ts'
import { connect } from './sql.ts'
import { syncPath } from './sync.ts'

/**
 * Writes a compact copy of a ledger, as of now, to a new file; a node may be running on the directory. To restore
 * it, put it into an empty directory as `ledger.db`.
 */
export const backup = (directory: string, file: string): void => {
  const source = join(directory, ledgerFile)
  if (!existsSync(source)) throw new Error(`There is no ledger in ${directory}.`)
  if (existsSync(file)) throw new Error(`The backup ${file} exists already.`)
  const connection = connect(source)
  try {
    connection.prepare('VACUUM INTO ?').run([file])
  } finally {
    connection.close()
  }
  syncPath(file)
}
