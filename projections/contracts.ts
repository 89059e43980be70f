import { put, type ReadDb, type View } from './projection.ts'

const contractsTable = 'contracts_v1'

/** A version of a contract, without its schema. */
export interface ContractRow {
  name: string
  number: number
  version: string
  schema_hash: string
  compatibility: string
  registered_at: string
  actor: string
}

export const contractsView: View = {
  name: 'contracts',
  version: 1,
  tables: [contractsTable],
  schema: [
    `create table if not exists ${contractsTable} (
      tenant text, name text, number integer, version text, schema_hash text, compatibility text, registered_at text,
      actor text, primary key (tenant, name, number)) without rowid`,
  ],
  handlers: {
    ContractRegistered: ({ metadata, event: { data } }) => {
      const row: ContractRow = {
        name: data.name,
        number: data.number,
        version: data.version,
        schema_hash: data.schemaHash,
        compatibility: data.compatibility,
        registered_at: metadata.occurredAt,
        actor: metadata.actor.pseudonym,
      }
      return [put(contractsTable, { tenant: metadata.tenant, ...row })]
    },
  },
}

const columns = 'name, number, version, schema_hash, compatibility, registered_at, actor'

/** The newest version of each contract, by name. */
export const listContracts = (db: ReadDb, tenant: string): ContractRow[] =>
  db.all<ContractRow>(
    `select ${columns} from ${contractsTable} c where tenant = ? and number =
       (select max(number) from ${contractsTable} o where o.tenant = c.tenant and o.name = c.name) order by name`,
    tenant,
  )

/** Oldest first; empty for a contract that is unknown. */
export const versionsOfContract = (db: ReadDb, tenant: string, name: string): ContractRow[] =>
  db.all<ContractRow>(
    `select ${columns} from ${contractsTable} where tenant = ? and name = ? order by number`,
    tenant,
    name,
  )
